/**
 * Levels and configuration of the policies in an environment.
 *
 * @module pulumi-weather-pipeline/policy/environment
 */

import * as fs from "node:fs";
import type * as sdk from "@pulumi/policy";
import { z } from "zod";
import { type Fault, schemaFaults, throwIfAny, under } from "../components/faults";
import { all } from "./policies";

/** What an environment says about one policy: a level, or a level and the policy's own configuration. */
export type PolicySetting = Level | { enforcementLevel?: Level; [property: string]: unknown };

type Level = Exclude<sdk.EnforcementLevel, "remediate">;

/** Levels and configuration by policy name, as `--policy-pack-config` takes them; `all` sets the level of every policy. */
export type PolicyConfig = Readonly<Record<string, PolicySetting>>;

const level = z.enum(["mandatory", "advisory", "disabled"], {
  error: 'must be "mandatory", "advisory" or "disabled"',
});

/** What is wrong with an environment's configuration. Pulumi's CLI lets unknown policies and properties pass; this doesn't. */
export function policyConfigFaults(config: unknown): Fault[] {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    return [{ propertyPath: "", reason: "must be an object of policy names" }];
  }
  return Object.entries(config).flatMap(([name, setting]: [string, unknown]) => {
    const policy = all.find((candidate) => candidate.name === name);
    if (!policy && name !== "all")
      return [
        {
          propertyPath: name,
          reason: `is no policy; there are all, ${all.map((one) => one.name).join(", ")}`,
        },
      ];
    if (typeof setting === "string") return under(name, schemaFaults(level, setting));
    const properties = {
      ...Object.fromEntries(
        Object.entries(policy?.configSchema?.properties ?? {}).map(([key, schema]) => [
          key,
          // A default would be checked in place of the value that is missing.
          z
            .fromJSONSchema({ ...schema, default: undefined } as Parameters<typeof z.fromJSONSchema>[0])
            .optional(),
        ]),
      ),
      enforcementLevel: level.optional(),
    };
    return under(name, schemaFaults(z.strictObject(properties), setting));
  });
}

/**
 * Reads an environment's file of levels and configuration, such as `policy/environments/prod.json`.
 *
 * @throws pulumi.InputPropertiesError with every fault and its path; Error where the file can't be read or isn't JSON.
 */
export function readPolicyConfig(file: string): PolicyConfig {
  let config: unknown;
  try {
    config = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(
      `${file} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  throwIfAny(`The policy configuration ${file}`, policyConfigFaults(config));
  return config as PolicyConfig;
}
