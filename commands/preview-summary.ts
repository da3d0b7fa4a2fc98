import { howToAllow } from "../components/data-loss";
import { type EnginePlan, type PlanStep, type PlanViolation, type StepOp } from "./preview-plan";
import { type ShrinkVerdict } from "./shrink";

/** What a reader of the summary is told. */
export interface PreviewReport {
  stack: string;
  plan: EnginePlan;
  shrink: ShrinkVerdict;
}

/** GitHub refuses a comment of more than 65,536 characters. */
const longestComment = 60_000;

/** More of a kind than this are folded away. */
const mostUnfolded = 10;

/** First line of a summary: how the comment of an earlier run is found, to be replaced. */
export function summaryMark(stack: string): string {
  return `<!-- preview of stack ${stack} -->`;
}

/** Whether a plan may be carried out: neither violated nor destructive nor broken. */
export function isRefused({ plan, shrink }: Pick<PreviewReport, "plan" | "shrink">): boolean {
  return (
    plan.errors.length > 0 ||
    shrink.refused.length > 0 ||
    plan.violations.some(({ level }) => level === "mandatory")
  );
}

/** The report in Markdown, for a comment on a pull request and for a terminal: what stands in the way first. */
export function previewSummary(report: PreviewReport): string {
  const { stack, plan, shrink } = report;
  const of = (op: StepOp) => plan.steps.filter((step) => step.op === op && isReal(step));
  const mandatory = plan.violations.filter(({ level }) => level === "mandatory");
  const advisory = plan.violations.filter(({ level }) => level === "advisory");
  const [replaced, deleted, updated, created] = [of("replace"), of("delete"), of("update"), of("create")];
  const count = replaced.length + deleted.length + updated.length + created.length;
  const verdict = isRefused(report) ? "❌ refused" : count === 0 ? "✅ no changes" : "✅ can be deployed";
  const text = [
    summaryMark(stack),
    `## Preview of \`${stack}\`: ${verdict}`,
    `**${created.length}** to add, **${updated.length}** to change, **${replaced.length}** to replace, **${deleted.length}** to delete, ${of("same").length} unchanged; **${mandatory.length}** ${mandatory.length === 1 ? "violation" : "violations"}.`,
    section(
      "⛔ Data would be lost",
      shrink.refused.map(({ resource, reason }) => `- \`${resource}\`: ${prose(reason)}`),
      shrink.refused.length > 0 ? `${prose(howToAllow(shrink.refused))}.` : undefined,
    ),
    section("⛔ Policy violations", violationItems(mandatory)),
    section(
      "⛔ Errors",
      plan.errors.map((error) => fenced(error)),
    ),
    section(
      "⚠️ Data is lost, as `allowDataLoss` says",
      shrink.allowed.map(({ resource, reason }) => `- \`${resource}\`: ${prose(reason)}`),
    ),
    section(
      "⚠️ Left in `allowDataLoss` without need",
      shrink.unused.map(
        (name) =>
          `- \`${name}\`: this change loses none of its data; remove it, or a later loss passes unseen`,
      ),
    ),
    section("⚠️ Notices", violationItems(advisory)),
    section("Replaced", replaced.map(changeItem)),
    section("Deleted", deleted.map(resourceItem)),
    section("Changed", updated.map(changeItem)),
    section("Added", created.map(resourceItem)),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
  return `${shortened(text)}\n`;
}

/** Components and providers are the program's own order, and change nothing outside. */
function isReal({ type }: PlanStep): boolean {
  return (
    type !== "pulumi:pulumi:Stack" && !type.startsWith("weather:") && !type.startsWith("pulumi:providers:")
  );
}

function section(title: string, items: readonly string[], after?: string): string {
  if (items.length === 0) return "";
  const body = items.join("\n");
  const whole = after === undefined ? body : `${body}\n\n${after}`;
  return items.length > mostUnfolded && !title.startsWith("⛔")
    ? `<details><summary><b>${title}</b> (${items.length})</summary>\n\n${whole}\n\n</details>`
    : `### ${title}\n\n${whole}`;
}

/** Violations by policy: what it demands once, and then what stands against it. */
function violationItems(violations: readonly PlanViolation[]): string[] {
  const policies = new Map<string, string[]>();
  for (const { policy, severity, resource, message } of violations) {
    const lines = message.replace(undecidedPrefix, "").split("\n");
    const found = lines.pop() ?? "";
    const rank = severity === "" ? "" : ` (${severity})`;
    const title = `- **${policy}**${rank}${lines.length > 0 ? `: ${prose(lines.join(" "))}` : ""}`;
    policies.set(title, [...(policies.get(title) ?? []), `  - \`${resource}\`: ${prose(found)}`]);
  }
  return [...policies].map(([title, items]) => [title, ...items].join("\n"));
}

/** What Pulumi puts before the reason where a policy meets a value that isn't known at preview. */
const undecidedPrefix = /^can't run policy '.*' from policy pack '.*' during preview: /;

function resourceItem({ name, type }: PlanStep): string {
  return `- \`${name}\` (${shortType(type)})`;
}

/** A resource with what changes of it, and what it's replaced for. */
function changeItem(step: PlanStep): string {
  const changes = step.changed.map((at) => {
    const [before, after] = [valueAt(step.before?.inputs, at), valueAt(step.after?.inputs, at)];
    return before === undefined && after === undefined
      ? `\`${at}\``
      : `\`${at}\` ${before ?? "none"} → ${after ?? "none"}`;
  });
  const shown = changes.slice(0, mostUnfolded);
  const left = changes.length - shown.length;
  const cause =
    step.replacedBy.length > 0 ? `, because of ${step.replacedBy.map((key) => `\`${key}\``).join(", ")}` : "";
  return `${resourceItem(step)}${cause}${shown.length > 0 ? `: ${shown.join("; ")}` : ""}${left > 0 ? `; and ${left} more` : ""}`;
}

/** `docker:index/container:Container` is `docker Container`; `pulumi-nodejs:dynamic/kafka:RollGate` is `kafka RollGate`. */
function shortType(type: string): string {
  const [pack = "", module = "", kind = ""] = type.split(":");
  return `${pack === "pulumi-nodejs" ? (module.split("/")[1] ?? pack) : pack} ${kind}`;
}

/** A short plain value at a path of the engine's (`envs[3]`, `config["retention.ms"]`); undefined where it's long or no plain value. */
function valueAt(inputs: Record<string, unknown> | undefined, at: string): string | undefined {
  let value: unknown = inputs;
  for (const [, quoted, index, word] of at.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[quoted ?? index ?? word ?? ""];
  }
  const text =
    typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  // Pulumi's word for a value that the deployment will tell.
  if (text === unknownValue) return "*known later*";
  return text === "" || text === secretValue || text.length > 120 || /[`\n]/.test(text)
    ? undefined
    : `\`${text}\``;
}

/** Pulumi's word for a secret. */
const secretValue = "[secret]";

const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Text that Markdown and HTML leave as it is. */
function prose(text: string): string {
  return text.replace(/[<>]/g, (sign) => (sign === "<" ? "&lt;" : "&gt;")).replace(/([*_|])/g, "\\$1");
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.replaceAll("```", "'''")}\n\`\`\``;
}

function shortened(text: string): string {
  if (text.length <= longestComment) return text;
  const kept = text.slice(0, text.lastIndexOf("\n", longestComment));
  const opened = kept.split("<details>").length - kept.split("</details>").length;
  return `${kept}\n${"\n</details>\n".repeat(opened)}\nThe summary is longer than a comment may be; \`npm run preview -- --stack\` shows it whole.`;
}
