import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { UserError } from "../embedded/stack-config";
import { projectRoot } from "./arguments";
import { pulumiEnvironment } from "./pulumi-cli";

/** What happens to a resource. A replacement is one step, `replace`. */
export type StepOp = "create" | "update" | "replace" | "delete" | "same" | "other";

/** A resource as the engine knows it, before or after. The engine writes `[secret]` in place of secrets. */
export interface ResourceState {
  inputs: Record<string, unknown>;
  retainOnDelete: boolean;
}

/** One resource of a plan. */
export interface PlanStep {
  op: StepOp;
  urn: string;
  type: string;
  /** Pulumi's name of it: the end of the URN. */
  name: string;
  before?: ResourceState;
  after?: ResourceState;
  /** Paths of the inputs that differ. */
  changed: string[];
  /** Those of them that can't be changed in place. */
  replacedBy: string[];
}

/** What a policy has against a resource of a plan. */
export interface PlanViolation {
  policy: string;
  level: "mandatory" | "advisory";
  severity: string;
  resource: string;
  message: string;
}

/** What Pulumi's engine would do, and what it, the program and the policies have against it. */
export interface EnginePlan {
  /** The stack's configuration by full key, such as `weather:kafka`. */
  config: Record<string, string>;
  steps: PlanStep[];
  violations: PlanViolation[];
  /** Why there is no plan, or no whole one. */
  errors: string[];
  warnings: string[];
}

interface EngineState {
  inputs?: Record<string, unknown>;
  retainOnDelete?: boolean;
}

/** The engine's events that matter here, as `apitype.EngineEvent` of Pulumi has them. */
interface EngineEvent {
  preludeEvent?: { config?: Record<string, string> };
  resourcePreEvent?: {
    metadata: {
      op: string;
      urn: string;
      type: string;
      old?: EngineState | null;
      new?: EngineState | null;
      keys?: string[] | null;
      diffs?: string[] | null;
      detailedDiff?: Record<string, { diffKind: string }> | null;
    };
  };
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    enforcementLevel: string;
    severity?: string;
  };
  diagnosticEvent?: { message: string; severity: string };
}

/** Inputs that Pulumi adds for itself. */
const internalInputs = new Set(["__meta", "__provider", "__defaults"]);

/**
 * Reads the events that `pulumi preview --json` streams, one a line.
 *
 * The events and not the digest of the same command: the digest leaves policy violations out.
 *
 * @throws SyntaxError where a line isn't JSON.
 */
export function readEnginePlan(lines: readonly string[]): EnginePlan {
  const plan: EnginePlan = { config: {}, steps: [], violations: [], errors: [], warnings: [] };
  for (const line of lines) {
    if (line.trim() === "") continue;
    const event = JSON.parse(line) as EngineEvent;
    if (event.preludeEvent?.config) plan.config = event.preludeEvent.config;
    if (event.resourcePreEvent) plan.steps.push(...stepOf(event.resourcePreEvent.metadata));
    if (event.policyEvent) {
      const { policyName, enforcementLevel, severity, resourceUrn, message } = event.policyEvent;
      plan.violations.push({
        policy: policyName,
        level: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
        severity: severity ?? "",
        resource: nameOf(resourceUrn ?? ""),
        message: message.trim(),
      });
    }
    if (event.diagnosticEvent) {
      const { severity, message } = event.diagnosticEvent;
      const text = message.trim();
      // With a cause beside it, the engine's last word says nothing new.
      if (severity === "error" && text !== "preview failed" && !plan.errors.includes(text))
        plan.errors.push(text);
      if (severity === "warning" && !plan.warnings.includes(text)) plan.warnings.push(text);
    }
  }
  return plan;
}

function stepOf(metadata: NonNullable<EngineEvent["resourcePreEvent"]>["metadata"]): PlanStep[] {
  // The physical halves of a replacement, whose whole is the step `replace`.
  if (["create-replacement", "delete-replaced", "discard-replaced"].includes(metadata.op)) return [];
  const shown = (paths: readonly string[] | null | undefined) =>
    (paths ?? []).filter((at) => !internalInputs.has(at.split(/[.[]/)[0] ?? ""));
  const known: readonly string[] = ["create", "update", "replace", "delete", "same"];
  return [
    {
      op: known.includes(metadata.op) ? (metadata.op as StepOp) : "other",
      urn: metadata.urn,
      type: metadata.type,
      name: nameOf(metadata.urn),
      before: stateOf(metadata.old),
      after: stateOf(metadata.new),
      changed: shown(metadata.detailedDiff ? Object.keys(metadata.detailedDiff) : metadata.diffs),
      replacedBy: shown(metadata.keys),
    },
  ];
}

function stateOf(state: EngineState | null | undefined): ResourceState | undefined {
  if (!state) return undefined;
  const inputs = Object.entries(state.inputs ?? {}).filter(([key]) => !internalInputs.has(key));
  return { inputs: Object.fromEntries(inputs), retainOnDelete: state.retainOnDelete ?? false };
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** What a preview is made of. */
export interface PreviewRequest {
  stack: string;
  /** Configuration for `--config-file`. */
  configFile: string;
  /** Judge the plan by the project's policy pack too, at the levels of the stack's environment. */
  withPolicies: boolean;
  /** Look at what is really there first. Default false. */
  refresh?: boolean;
}

/**
 * Has Pulumi's engine plan the next `up` against the stack's real state; changes nothing.
 *
 * @throws UserError with what Pulumi printed, where it gave no plan at all.
 */
export async function enginePlan({
  stack,
  configFile,
  withPolicies,
  refresh = false,
}: PreviewRequest): Promise<EnginePlan> {
  const packFolder = path.join(projectRoot, "policy");
  const packConfig = path.join(packFolder, "environments", `${stack}.json`);
  const policies =
    withPolicies && fs.existsSync(path.join(packFolder, "PulumiPolicy.yaml"))
      ? [
          "--policy-pack",
          packFolder,
          ...(fs.existsSync(packConfig) ? ["--policy-pack-config", packConfig] : []),
        ]
      : [];
  const child = spawn(
    "pulumi",
    [
      ...["preview", "--json", "--non-interactive", "--stack", stack, "--config-file", configFile],
      ...(refresh ? ["--refresh"] : []),
      ...policies,
    ],
    {
      cwd: projectRoot,
      env: {
        ...pulumiEnvironment(),
        PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true",
        // The whole plan is wanted, and is judged by `shrinkVerdict`; the program's own guard would end it at the first loss.
        WEATHER_SHRINK_GUARD: "caller",
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const out = text(child.stdout);
  const err = text(child.stderr);
  await new Promise<void>((resolve, reject) => {
    child.once("error", (error) => {
      reject(new UserError(`pulumi can't be run: ${error.message}`));
    });
    child.once("close", () => {
      resolve();
    });
  });
  const lines = (await out).split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new UserError(`pulumi preview gave no plan:\n${(await err).trim()}`);
  return readEnginePlan(lines);
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  stream.setEncoding("utf8");
  let all = "";
  for await (const chunk of stream) all += chunk as string;
  return all;
}
