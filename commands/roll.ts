import { readArguments, runCommand } from "./arguments";
import { runningStack } from "./live/outputs";
import { checkRestart, refusal, roll, rollOrder, seconds } from "./live/roll";
import { table } from "./table";

const usage = "npm run roll [-- --stack dev] [--only kafka2] [--dry-run] [--json]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    only: { type: "string", multiple: true, default: [] },
    "dry-run": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  });
  const running = await runningStack(values.stack);
  const brokers = await rollOrder(running, values.only);
  if (values["dry-run"]) {
    const checks = [];
    for (const broker of brokers) checks.push(await checkRestart(running, broker));
    const free = checks.every(({ obstacles }) => obstacles.length === 0);
    const plan = checks.map((check) => ({ broker: check.broker.name, obstacles: check.obstacles }));
    process.stdout.write(
      values.json
        ? `${JSON.stringify(plan, null, 2)}\n`
        : `${checks.map((check) => (check.obstacles.length === 0 ? `${check.broker.name} may be restarted now` : refusal(check, []))).join("\n")}\n`,
    );
    return free ? 0 : 1;
  }
  const begun = Date.now();
  const tell = (line: string) => {
    const at = seconds(Date.now() - begun).padStart(8);
    (values.json ? process.stderr : process.stdout).write(`${at}  ${line}\n`);
  };
  const rolled = await roll(running, brokers, tell);
  process.stdout.write(
    values.json
      ? `${JSON.stringify(rolled, null, 2)}\n`
      : `\n${table(
          ["BROKER", "DOWN", "UNTIL WHOLE"],
          rolled.map(({ broker, downMs, wholeMs }) => [broker, seconds(downMs), seconds(wholeMs)]),
        )}\n`,
  );
  return 0;
});
