/**
 * The policies as a function: for a program's tests, without Pulumi's engine.
 *
 * @module pulumi-weather-pipeline/policy/evaluate
 */

import type * as sdk from "@pulumi/policy";
import { throwIfAny } from "../components/faults";
import { type PolicyConfig, policyConfigFaults } from "./environment";
import { all } from "./policies";
import { Property, UnknownValueError } from "./property";
import { defaultConfig, type Policy } from "./verdict";

/** A resource that is about to be declared. A value that isn't known yet is Pulumi's own sentinel (`pulumi.runtime.unknownValue`). */
export interface PlannedResource {
  urn: string;
  type: string;
  name: string;
  props: Record<string, unknown>;
  opts?: Partial<sdk.PolicyResourceOptions>;
}

/** What a policy has against a planned resource. */
export interface Violation {
  policy: string;
  severity: sdk.Severity;
  /** `advisory` too where a mandatory policy can't judge yet. */
  enforcement: "mandatory" | "advisory";
  urn: string;
  type: string;
  name: string;
  message: string;
  remediation: string;
}

type View = Pick<sdk.PolicyResource, "urn" | "type" | "name" | "opts"> & { props: Property };

/**
 * Judges planned resources by every policy, without Pulumi's engine: the policies, levels and configuration are the pack's.
 *
 * @param config levels and configuration of the environment, see {@link PolicyConfig}. Default: every policy mandatory.
 * @returns what is wrong, mandatory first, then in the order of the resources. Empty where nothing is.
 * @throws pulumi.InputPropertiesError where the configuration is wrong.
 */
export function evaluate(resources: readonly PlannedResource[], config: PolicyConfig = {}): Violation[] {
  throwIfAny("The policy configuration", policyConfigFaults(config));
  const views = resources.map(viewOf);
  const violations = all.flatMap((policy) => {
    const enforcement = levelOf(policy, config);
    if (enforcement === "disabled") return [];
    const properties = configOf(policy, config);
    const getConfig = () => properties;
    const found: Violation[] = [];
    const reportOn = (view: View | undefined) => (message: string, urn?: string) => {
      const at = view ?? views.find((candidate) => candidate.urn === urn);
      found.push(violation(policy, enforcement, at, message));
    };
    if ("validateStack" in policy) {
      judged(policy, found, undefined, () => {
        policy.validateStack({ getConfig, resources: views }, reportOn(undefined));
      });
    } else {
      for (const view of views) {
        judged(policy, found, view, () => {
          policy.validateResource({ getConfig, ...view }, reportOn(view));
        });
      }
    }
    return found;
  });
  const place = new Map(resources.map(({ urn }, index) => [urn, index]));
  const rank = ({ enforcement, urn }: Violation) =>
    (enforcement === "mandatory" ? 0 : resources.length + 1) + (place.get(urn) ?? resources.length);
  return violations.sort((a, b) => rank(a) - rank(b));
}

/** Runs a policy; what it can't judge yet becomes an advisory notice, as in Pulumi's engine. */
function judged(policy: Policy, found: Violation[], view: View | undefined, judge: () => void): void {
  try {
    judge();
  } catch (error) {
    if (!(error instanceof UnknownValueError)) throw error;
    found.push(violation(policy, "advisory", view, error.message));
  }
}

function violation(
  { name: policy, severity, remediationSteps: remediation }: Policy,
  enforcement: Violation["enforcement"],
  at: View | undefined,
  message: string,
): Violation {
  const { urn, type, name } = at ?? { urn: "", type: "pulumi:pulumi:Stack", name: "stack" };
  return { policy, severity, enforcement, urn, type, name, message, remediation };
}

function levelOf({ name }: Policy, config: PolicyConfig): "mandatory" | "advisory" | "disabled" {
  const said = [config[name], config["all"]].map((setting) =>
    typeof setting === "string" ? setting : setting?.enforcementLevel,
  );
  return said[0] ?? said[1] ?? "mandatory";
}

function configOf(policy: Policy, config: PolicyConfig): Record<string, unknown> {
  const setting = config[policy.name];
  return { ...defaultConfig(policy), ...(typeof setting === "object" && setting) };
}

function viewOf({ urn, type, name, props, opts }: PlannedResource): View {
  return {
    urn,
    type,
    name,
    props: Property.of(props),
    opts: {
      protect: false,
      ignoreChanges: [],
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
      ...opts,
    },
  };
}
