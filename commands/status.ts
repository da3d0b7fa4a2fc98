import { readArguments, runCommand } from "./arguments";
import { runningStack } from "./live/outputs";
import { renderStatus } from "./live/render";
import { stackStatus } from "./live/status";

const usage = "npm run status [-- --stack dev] [--json]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    json: { type: "boolean", default: false },
  });
  const status = await stackStatus(await runningStack(values.stack));
  process.stdout.write(`${values.json ? JSON.stringify(status, null, 2) : renderStatus(status)}\n`);
  return 0;
});
