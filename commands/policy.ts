import { availableParallelism } from "node:os";
import { stackNames } from "../embedded/stack-config";
import { violationText } from "../embedded/policy-check";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { forkTypeScript } from "./fork";
import { judge, type StackVerdict } from "./policy/judge";

const usage = "npm run policy [-- --stack S] [--json]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", multiple: true },
    json: { type: "boolean", default: false },
  });
  const verdicts = await judgeAll(values.stack ?? stackNames(projectRoot));
  process.stdout.write(
    values.json ? `${JSON.stringify(verdicts, null, 2)}\n` : verdicts.map(text).join("\n"),
  );
  const refused = verdicts.some(
    (verdict) =>
      "error" in verdict || verdict.violations.some(({ enforcement }) => enforcement === "mandatory"),
  );
  return refused ? 1 : 0;
});

/** Judges by as many processes as there are processors, each its share; the first share, the largest, is this one's. */
async function judgeAll(stacks: readonly string[]): Promise<StackVerdict[]> {
  const processes = Math.min(availableParallelism(), stacks.length);
  const shares = Array.from({ length: processes }, (_, share) =>
    stacks.filter((_, index) => index % processes === share),
  );
  const [own = [], ...others] = shares;
  const beside = others.map((share) => judgeBeside(share));
  const verdicts = (await Promise.all([judge(own), ...beside])).flat();
  return stacks.flatMap((stack) => verdicts.find((verdict) => verdict.stack === stack) ?? []);
}

function judgeBeside(stacks: readonly string[]): Promise<StackVerdict[]> {
  const child = forkTypeScript("commands/policy/judge-process.ts", { stdio: ["ignore", 2, 2, "ipc"] });
  return new Promise((resolve, reject) => {
    child.once("message", (verdicts: StackVerdict[]) => {
      resolve(verdicts);
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`judging ${stacks.join(" and ")} ended with code ${String(code)}`));
    });
    child.send(stacks);
  });
}

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
