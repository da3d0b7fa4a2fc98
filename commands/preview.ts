import * as fs from "node:fs";
import { readArguments, runCommand } from "./arguments";
import { prepareStack } from "./docker-stack";
import { enginePlan } from "./preview-plan";
import { isRefused, previewSummary } from "./preview-summary";
import { shrinkVerdict } from "./shrink";

const usage = "npm run preview [-- --stack dev] [--json FILE] [--markdown FILE]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    json: { type: "string" },
    markdown: { type: "string" },
  });
  const { stack } = values;
  const plan = await enginePlan({ stack, configFile: prepareStack(stack, {}), withPolicies: true });
  const report = { stack, plan, shrink: shrinkVerdict(plan) };
  const summary = previewSummary(report);
  if (values.json !== undefined) fs.writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.markdown !== undefined) fs.writeFileSync(values.markdown, summary);
  process.stdout.write(summary);
  return isRefused(report) ? 1 : 0;
});
