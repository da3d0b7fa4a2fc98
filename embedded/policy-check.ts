import * as fs from "node:fs";
import * as path from "node:path";
import { readPolicyConfig } from "../policy/environment";
import { evaluate, type Violation } from "../policy/evaluate";
import { type Registration } from "./program";

/**
 * What the policy pack has against a planned stack, with the levels of its environment (`policy/environments/<stack>.json`); a stack
 * without such a file is judged with every policy mandatory.
 */
export function policyViolations(
  projectRoot: string,
  stack: string,
  planned: readonly Registration[],
): Violation[] {
  const file = path.join(projectRoot, "policy", "environments", `${stack}.json`);
  const resources = planned.map(({ urn, type, name, inputs, protect }) => ({
    urn,
    type,
    name,
    props: inputs,
    opts: { protect },
  }));
  return evaluate(resources, fs.existsSync(file) ? readPolicyConfig(file) : {});
}

/** A violation as text: level, policy, resource, and what to write instead. */
export function violationText({ enforcement, policy, name, message }: Violation): string {
  return `[${enforcement}] ${policy} (${name})\n    ${message.split("\n").join("\n    ")}`;
}
