import { z } from "zod";

/** The part of JSON Schema that says how a flat message looks. */
const objectSchema = z.object({
  required: z.array(z.string()).default([]),
  properties: z.record(
    z.string(),
    z.object({
      type: z.string(),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      minLength: z.number().optional(),
      maxLength: z.number().optional(),
    }),
  ),
});

/** A message's JSON schema. */
export type ObjectSchema = z.input<typeof objectSchema>;

/**
 * What would break a reader or a writer of the released schema: a property that went, changed its type or its obligation, a new
 * one that is required, a bound that refuses what was allowed. Empty where both may run side by side.
 *
 * @throws z.ZodError where one of them isn't the schema of a flat message.
 */
export function breakingChanges(released: unknown, current: unknown): string[] {
  const before = objectSchema.parse(released);
  const after = objectSchema.parse(current);
  const gone = Object.entries(before.properties).flatMap(([name, old]) => {
    const now = after.properties[name];
    if (!now) return [`${name} is gone`];
    const changes = old.type === now.type ? [] : [`${name} was ${old.type}, is ${now.type}`];
    if (before.required.includes(name) && !after.required.includes(name))
      changes.push(`${name} was required, is optional`);
    for (const bound of ["minimum", "minLength"] as const)
      if ((now[bound] ?? -Infinity) > (old[bound] ?? -Infinity))
        changes.push(`${name} has a higher ${bound}`);
    for (const bound of ["maximum", "maxLength"] as const)
      if ((now[bound] ?? Infinity) < (old[bound] ?? Infinity)) changes.push(`${name} has a lower ${bound}`);
    return changes;
  });
  const required = after.required
    .filter((name) => !before.required.includes(name))
    .map((name) => `${name} is newly required`);
  return [...gone, ...required];
}
