import type * as sdk from "@pulumi/policy";
import * as pulumi from "@pulumi/pulumi";
import { Property, UnknownValueError } from "./property";

/** What a policy has to say about its subject. Neither call may hand on a value: every property may be a secret. */
export interface Verdict {
  /** A violation: where it stands, what is wrong there, and what to write instead. */
  refuse(at: Pick<Property, "path">, problem: string, instead: string): void;
  /** The property decides, and isn't known yet: says so at preview, is judged at `up` before the resource is changed. */
  undecided(at: Pick<Property, "path">): void;
}

/** A resource as a policy sees it. */
export interface PolicedResource {
  urn: string;
  type: string;
  /** Pulumi's name of it. */
  name: string;
  /** Inputs in a resource policy, outputs in a stack policy. Secrets arrive as plain text. */
  props: Property;
  protect: boolean;
}

/** JSON schema of one property of a policy's configuration. */
type ConfigProperty = sdk.PolicyConfigSchema["properties"][string];

/** A list of texts in a policy's configuration; empty if not said otherwise. */
export function textList(description: string, initially: readonly string[] = []): ConfigProperty {
  return { type: "array", items: { type: "string" }, default: [...initially], description };
}

interface Metadata {
  name: string;
  description: string;
  severity: sdk.Severity;
  remediationSteps: string;
  configSchema?: sdk.PolicyConfigSchema;
}

/** A schema for each property of a policy's configuration, each with its default. */
interface SchemaOf<Config> {
  configSchema?: { properties: { [Key in keyof Config]: ConfigProperty } };
}

/** What a policy takes of the SDK's arguments. */
type Judged = Pick<sdk.PolicyResource, "urn" | "type" | "name" | "opts"> & {
  /** As the SDK gives them, or read already. */
  props: object;
};

interface Configured {
  getConfig(): object;
}

/** A policy that judges one resource at a time, before it is changed. */
export interface ResourcePolicy extends Metadata {
  enforcementLevel: "mandatory";
  validateResource(args: Judged & Configured, report: sdk.ReportViolation): void;
}

/** A policy that needs the whole stack; at `up` it runs after the changes. */
export interface StackPolicy extends Metadata {
  enforcementLevel: "mandatory";
  validateStack(args: { resources: readonly Judged[] } & Configured, report: sdk.ReportViolation): void;
}

export type Policy = ResourcePolicy | StackPolicy;

/**
 * A policy over one resource.
 *
 * @param policy `subjectOf` gives what is judged, undefined where the resource is none of this policy's concern.
 */
export function resourcePolicy<Subject, Config extends object = object>(
  policy: Metadata &
    SchemaOf<Config> & {
      subjectOf: (resource: PolicedResource) => Subject | undefined;
      judge: (subject: Subject, verdict: Verdict, config: Config) => void;
    },
): ResourcePolicy {
  const { subjectOf, judge, ...metadata } = policy;
  return {
    ...metadata,
    enforcementLevel: "mandatory",
    validateResource(args, report) {
      const subject = subjectOf(policed(args));
      if (subject === undefined) return;
      const undecided = new Set<string>();
      judge(subject, verdictBy(report, undecided), configOf(policy, args) as Config);
      throwIfAnyUndecided(undecided);
    },
  };
}

/** A policy over all resources of a stack. */
export function stackPolicy<Config extends object = object>(
  policy: Metadata &
    SchemaOf<Config> & {
      judge: (
        resources: PolicedResource[],
        verdictOn: (resource: PolicedResource) => Verdict,
        config: Config,
      ) => void;
    },
): StackPolicy {
  const { judge, ...metadata } = policy;
  return {
    ...metadata,
    enforcementLevel: "mandatory",
    validateStack(args, report) {
      const undecided = new Set<string>();
      const verdictOn = ({ urn, name }: PolicedResource) => verdictBy(report, undecided, urn, `${name} `);
      judge(args.resources.map(policed), verdictOn, configOf(policy, args) as Config);
      throwIfAnyUndecided(undecided);
    },
  };
}

function verdictBy(report: sdk.ReportViolation, undecided: Set<string>, urn?: string, prefix = ""): Verdict {
  return {
    refuse(at, problem, instead) {
      report(`${at.path}: ${problem}. Instead: ${instead}.`, urn);
    },
    undecided(at) {
      undecided.add(prefix + at.path);
    },
  };
}

/**
 * What the SDK knows as "can't be judged during preview": this error, and no report, becomes an advisory notice. It comes last,
 * after what is known to be wrong was reported with the policy's own level.
 */
function throwIfAnyUndecided(undecided: ReadonlySet<string>): void {
  if (undecided.size === 0) return;
  const paths = [...undecided];
  const error = new UnknownValueError(pulumi.runtime.unknownValue, paths);
  error.message = `${paths.join(", ")}: not known before \`pulumi up\`, and judged then`;
  throw error;
}

function policed({ urn, type, name, props, opts }: Judged): PolicedResource {
  return {
    urn,
    type,
    name,
    props: props instanceof Property ? props : Property.of(props),
    protect: opts.protect,
  };
}

function configOf(policy: Metadata, args: Configured): object {
  return { ...defaultConfig(policy), ...args.getConfig() };
}

/** What a policy's configuration is where nothing is said. */
export function defaultConfig({ configSchema }: Pick<Metadata, "configSchema">): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(configSchema?.properties ?? {}).map(([key, schema]) => [key, schema.default]),
  );
}
