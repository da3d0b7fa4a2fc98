import * as path from "node:path";
import { type Registration, runProgram } from "./program";
import { stackConfig } from "./stack-config";

/** Which program to look at. */
export interface PlanOptions {
  projectRoot: string;
  stack: string;
  /** Values by path, such as `{ "inject.source": "simulate" }`, laid over the stack's configuration. */
  overrides: Record<string, unknown>;
}

/**
 * All resources of a stack's program as a preview would show them, without Docker, Pulumi's CLI or a network.
 *
 * @throws what the program throws, such as pulumi.InputPropertiesError.
 */
export async function plan({ projectRoot, stack, overrides }: PlanOptions): Promise<Registration[]> {
  const registrations: Registration[] = [];
  await runProgram({
    ...stackConfig(projectRoot, stack, overrides),
    stack,
    entry: path.join(projectRoot, "index.ts"),
    mode: "plan",
    register: (registration) => {
      registrations.push(registration);
      return Promise.resolve({
        id: registration.custom ? `${registration.name}-id` : undefined,
        state: registration.inputs,
      });
    },
  });
  return registrations;
}
