import * as pulumi from "@pulumi/pulumi";
import { type z } from "zod";

/** One thing that is wrong with a component's arguments: where it stands and what to write instead. */
export interface Fault {
  /** Path of the property as one would write it in the program, such as `kafka.topics[1].partitions`. */
  propertyPath: string;
  /** What is wrong and what is allowed. */
  reason: string;
}

/** The same faults seen from one level up: `replicationFactor` under `kafka` becomes `kafka.replicationFactor`. */
export function under(parent: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ propertyPath, reason }) => ({
    propertyPath:
      propertyPath.startsWith("[") || propertyPath === ""
        ? parent + propertyPath
        : `${parent}.${propertyPath}`,
    reason,
  }));
}

/** What a zod schema has to say against a value, as faults. Empty where the value fits. */
export function schemaFaults(schema: z.ZodType, value: unknown): Fault[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    const propertyPath = issue.path.reduce<string>(
      (path, key) =>
        typeof key === "number" ? `${path}[${key}]` : path === "" ? String(key) : `${path}.${String(key)}`,
      "",
    );
    if (issue.code !== "unrecognized_keys") return [{ propertyPath, reason: issue.message }];
    return issue.keys.map((key) => ({
      propertyPath: propertyPath === "" ? key : `${propertyPath}.${key}`,
      reason: "there is no such setting",
    }));
  });
}

/**
 * Throws once, with every fault and its path.
 *
 * @throws pulumi.InputPropertiesError where there is at least one fault.
 */
export function throwIfAny(subject: string, faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const lines = faults.map(({ propertyPath, reason }) => `  ${propertyPath}: ${reason}`);
  throw new pulumi.InputPropertiesError({
    message: `${subject} can't be declared as written:\n${lines.join("\n")}`,
    errors: [...faults],
  });
}
