import { plan } from "../embedded/plan";
import { policyViolations, violationText } from "../embedded/policy-check";
import { stackNames } from "../embedded/stack-config";
import { describeError, projectRoot, readArguments, runCommand } from "./arguments";

const usage = "npm run policy [-- --stack S] [--json]";

/** What was found about one stack: violations, or why its program can't be declared at all. */
type StackVerdict =
  | { stack: string; resources: number; violations: ReturnType<typeof policyViolations> }
  | { stack: string; error: string };

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
  });
  const verdicts: StackVerdict[] = [];
  for (const stack of values.stack ?? stackNames(projectRoot)) {
    try {
      const planned = await plan({ projectRoot, stack, overrides: {} });
      verdicts.push({
        stack,
        resources: planned.length,
        violations: policyViolations(projectRoot, stack, planned),
      });
    } catch (error) {
      verdicts.push({ stack, error: describeError(error) });
    }
  }
  process.stdout.write(
    values.json ? `${JSON.stringify(verdicts, null, 2)}\n` : verdicts.map(text).join("\n"),
  );
  const refused = verdicts.some(
    (verdict) =>
      "error" in verdict || verdict.violations.some(({ enforcement }) => enforcement === "mandatory"),
  );
  return refused ? 1 : 0;
});

function text(verdict: StackVerdict): string {
  if ("error" in verdict) return `${verdict.stack}: refused\n  ${verdict.error.split("\n").join("\n  ")}\n`;
  const { stack, resources, violations } = verdict;
  const mandatory = violations.filter(({ enforcement }) => enforcement === "mandatory").length;
  const summary = `${stack}: ${mandatory > 0 ? "refused" : "passes"}; ${resources} resources, ${mandatory} mandatory violations, ${violations.length - mandatory} notices\n`;
  return (
    summary +
    violations.map((violation) => `  ${violationText(violation).split("\n").join("\n  ")}\n`).join("")
  );
}
