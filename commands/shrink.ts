import { type DataHolder, type DataLoss, dataLosses } from "../components/data-loss";
import { type EnginePlan, type PlanStep, type ResourceState } from "./preview-plan";

/** What the shrink guard says about a plan. */
export interface ShrinkVerdict {
  /** Losses that nobody has allowed: the plan must not be carried out. */
  refused: DataLoss[];
  /** Losses that the stack's `allowDataLoss` names. */
  allowed: DataLoss[];
  /** Names in `allowDataLoss` that this plan has no use for, and that would let a later loss pass. */
  unused: string[];
}

/**
 * Judges the engine's plan: whatever would destroy data is refused, unless the resource is named in the stack's `allowDataLoss`.
 *
 * @param allowDataLoss Pulumi's names of resources. Default: those in the plan's own configuration.
 */
export function shrinkVerdict(
  plan: Pick<EnginePlan, "steps" | "config">,
  allowDataLoss: readonly string[] = allowedBy(plan.config),
): ShrinkVerdict {
  const losses = plan.steps.flatMap((step) => lossesOf(step, plan.steps));
  const isAllowed = ({ resource }: DataLoss) => allowDataLoss.includes(resource);
  return {
    refused: losses.filter((loss) => !isAllowed(loss)),
    allowed: losses.filter(isAllowed),
    unused: allowDataLoss.filter((name) => !losses.some(({ resource }) => resource === name)),
  };
}

function lossesOf(step: PlanStep, steps: readonly PlanStep[]): DataLoss[] {
  if (step.op === "same" || step.op === "create" || (step.before?.retainOnDelete && step.op === "delete"))
    return [];
  const before = holderOf(step, step.before);
  if (!before) return [];
  const after =
    before.kind === "voter" && step.op === "delete"
      ? // A renamed resource is deleted here and created there; the vote stays.
        steps
          .map((other) => (other.op === "create" ? holderOf(other, other.after) : undefined))
          .find((other) => other?.kind === "voter" && other.nodeId === before.nodeId)
      : step.op === "delete"
        ? undefined
        : holderOf(step, step.after);
  return dataLosses(before, after, step.op === "replace");
}

/** What a resource keeps, by its type and inputs; undefined where it keeps nothing. */
function holderOf({ type, name }: PlanStep, state: ResourceState | undefined): DataHolder | undefined {
  if (!state) return undefined;
  const { inputs } = state;
  switch (type) {
    case "kafka:index/topic:Topic":
      return {
        kind: "topic",
        resource: name,
        partitions: Number(inputs["partitions"]),
        replicationFactor: Number(inputs["replicationFactor"]),
      };
    case "docker:index/volume:Volume":
      return { kind: "volume", resource: name };
    case "pulumi-nodejs:dynamic/influxdb:Bucket":
      return { kind: "bucket", resource: name };
    case "docker:index/container:Container":
      return voterOf(name, inputs["envs"]);
    case "docker:index/service:Service":
      return voterOf(name, atPath(inputs, ["taskSpec", "containerSpec", "env"]));
    default:
      return undefined;
  }
}

/** A node of the controller quorum, by the environment that the official Kafka image is given. */
function voterOf(resource: string, environment: unknown): DataHolder | undefined {
  const entries = Array.isArray(environment)
    ? environment.map((line) => String(line).split(/=(.*)/s, 2))
    : Object.entries(environment ?? {}).map(([key, value]) => [key, String(value)]);
  const {
    KAFKA_PROCESS_ROLES: roles = "",
    KAFKA_NODE_ID: id = "",
    KAFKA_CONTROLLER_QUORUM_VOTERS: votes = "",
  } = Object.fromEntries(entries) as Record<string, string>;
  const voters = votes.split(",").map((voter) => voter.split("@")[0]?.trim());
  if (!roles.split(",").some((role) => role.trim() === "controller") || !voters.includes(id))
    return undefined;
  return { kind: "voter", resource, nodeId: Number(id), voters: voters.length };
}

function atPath(value: unknown, [key, ...rest]: string[]): unknown {
  if (key === undefined) return value;
  return typeof value === "object" && value !== null
    ? atPath((value as Record<string, unknown>)[key], rest)
    : undefined;
}

/** The names in the configuration's `allowDataLoss`, whatever the project is called. */
function allowedBy(config: Record<string, string>): string[] {
  const [, text] = Object.entries(config).find(([key]) => key.endsWith(":allowDataLoss")) ?? [];
  const names: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(names) ? names.map(String) : [];
}
