import { randomBytes } from "node:crypto";
import { sleep } from "../apps/shared/retry";
import { durationForm, tryDurationMs } from "../components/duration";
import { UserError } from "../embedded/stack-config";
import { readArguments, runCommand } from "./arguments";
import { type Fault, makeFault } from "./chaos/fault";
import { faultKinds, FaultPlan } from "./chaos/fault-plan";
import { KafkaLoad } from "./chaos/kafka-load";
import { PointLoad } from "./chaos/point-load";
import { chaosReport, renderReport } from "./chaos/report";
import { act } from "./live/act";
import { obstaclesToWhole, wholeAgain } from "./live/brokers";
import { runningStack, type RunningStack } from "./live/outputs";
import { services } from "./live/services";

const usage = `npm run chaos [-- --stack dev] [--duration "2 minutes"] [--kills N] [--rate 2000] [--points 100]
                 [--faults kafka,producer,consumer,inject,influxdb] [--away "10 seconds"] [--seed 1] [--json] [--allow-prod]

Kills services one after the other while messages go to Kafka and points to InfluxDB, and compares what was acknowledged with what
arrived. Ends after the duration or the number of kills, whichever comes first; --kills 0 is load without faults.`;

/** Without --duration and --kills. */
const usualDurationMs = 120_000;

/** How long after the last fault what was acknowledged may take to arrive. */
const arriveWithinMs = 120_000;

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    duration: { type: "string" },
    kills: { type: "string" },
    rate: { type: "string", default: "2000" },
    points: { type: "string", default: "100" },
    faults: { type: "string" },
    away: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    "allow-prod": { type: "boolean", default: false },
  });
  if (/(^|-)prod(uction)?(-|$)/.test(values.stack) && !values["allow-prod"])
    throw new UserError(
      `The stack ${values.stack} is production: chaos would kill what people depend on. If that is meant: --allow-prod`,
    );
  const kills = values.kills === undefined ? undefined : wholeNumber("--kills", values.kills, 0, 10_000);
  const durationMs = values.duration === undefined ? undefined : ms("--duration", values.duration);
  const rate = wholeNumber("--rate", values.rate, 1, 20_000);
  const points = wholeNumber("--points", values.points, 1, 5_000);
  const seed = wholeNumber("--seed", values.seed, 0, 2 ** 32 - 1);
  const awayMs = values.away === undefined ? 0 : ms("--away", values.away);

  const running = await runningStack(values.stack);
  const { outputs } = running;
  const hostnames = (await services(running)).map(({ name }) => name.slice(outputs.prefix.length + 1));
  const plan = new FaultPlan(faultKinds(values.faults, hostnames), hostnames, seed);
  const obstacles = await obstaclesToWhole(outputs);
  if (obstacles.length > 0)
    throw new UserError(
      `The cluster isn't whole, so no broker of it may be killed: ${obstacles.join("; ")}. First: npm run heal`,
    );

  const stop = new AbortController();
  const out = values.json ? process.stderr : process.stdout;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      if (!stop.signal.aborted) out.write("\nEnding in order: what is down comes back first ...\n");
      stop.abort();
    });

  const run = `chaos-${randomBytes(4).toString("hex")}`;
  const kafkaLoad = await KafkaLoad.open(outputs, run, rate);
  try {
    const pointLoad = await PointLoad.open(outputs, run, points);
    const begunMs = Date.now();
    const tell = (line: string) =>
      out.write(`${((Date.now() - begunMs) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
    tell(
      `load: ${rate} messages/s to ${kafkaLoad.topic} (acks=all), ${points} points/s to InfluxDB; seed ${seed}`,
    );

    const loadEnd = new AbortController();
    const load = Promise.all([kafkaLoad.run(loadEnd.signal), pointLoad.run(loadEnd.signal)]);
    const faults: Fault[] = [];
    try {
      const untilMs = begunMs + (durationMs ?? (kills ? Infinity : usualDurationMs));
      while (Date.now() < untilMs && faults.length < (kills || Infinity)) {
        const { victim, afterMs } = plan.next();
        await sleep(Math.min(kills === 0 ? Infinity : afterMs, untilMs - Date.now()), stop.signal);
        if (stop.signal.aborted || Date.now() >= untilMs) break;
        const fault = await makeFault(running, victim, awayMs);
        faults.push(fault);
        if (fault.recoveredAfterMs === undefined) {
          tell(`kill -9 ${victim}: did not recover: ${(await obstaclesToWhole(outputs)).join("; ")}`);
          break;
        }
        tell(`kill -9 ${victim}: recovered after ${(fault.recoveredAfterMs / 1_000).toFixed(1)} s`);
      }
      // The last acknowledgements after a fault tell how long its pause was.
      await sleep(1_000, stop.signal);
    } finally {
      // What can still be told, is: a cluster that isn't whole yet may have lost nothing.
      await bringBack(running).catch((error: unknown) => {
        tell(error instanceof Error ? error.message : String(error));
      });
      loadEnd.abort();
    }
    await load;

    tell("comparing what was acknowledged with what arrived");
    const patience = AbortSignal.timeout(arriveWithinMs);
    await kafkaLoad.collect(patience);
    while (!patience.aborted) {
      await pointLoad.collect(patience);
      if (pointLoad.ledger.missing === 0) break;
      await sleep(1_000, patience);
    }
    if (kafkaLoad.refused !== undefined) tell(`some messages were refused by Kafka: ${kafkaLoad.refused}`);
    const report = chaosReport(seed, begunMs, faults, { kafka: kafkaLoad.ledger, points: pointLoad.ledger });
    process.stdout.write(
      values.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${renderReport(report)}\n`,
    );
    return report.ok ? 0 : 1;
  } finally {
    await kafkaLoad.close();
  }
});

/** Starts what isn't running, and waits until the cluster is whole. */
async function bringBack(running: RunningStack): Promise<void> {
  for (const { name, state } of await services(running))
    if (state === "exited") await act(running, name, "start");
  await wholeAgain(running.outputs, 120_000);
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most)
    throw new UserError(
      `${option} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`,
    );
  return number;
}

function ms(option: string, text: string): number {
  const found = tryDurationMs(text);
  if (found === undefined)
    throw new UserError(`${option} must be ${durationForm}, not ${JSON.stringify(text)}`);
  return found;
}
