import { toLine } from "../../apps/inject/weather";
import { header } from "../../apps/shared/message";
import { sleep } from "../../apps/shared/retry";
import { simulatedSource } from "../../apps/inject/simulate";
import { writeBodies } from "./influxdb";
import { type Bench, type Part } from "./part";
import { type Finding } from "./report";

/** What issue 7 aims at, for the 99th percentile, at `aimedAtRate`. */
const mostMs = 400;
const aimedAtRate = 1_000;

const rates = [100, 1_000, 5_000];
const stations = 50;

/** Between two writes: what falls due meanwhile goes in one request. */
const writeEveryMs = 20;

/** How long, after the last write, a message may still be on its way. */
const arriveWithinMs = 15_000;

/** From the acknowledgement by InfluxDB to the message, through the stack as it runs. */
export const latencyPart: Part = {
  needs: "servers",
  subject: "Latency: from InfluxDB's acknowledgement of a write to the message read from `weather`",
  limitSeconds: 600,
  run: async (bench) => {
    await bench.servers.run("start");
    const arrivals = await Arrivals.open(bench);
    try {
      const findings: Finding[] = [];
      // The first message finds a producer and a consumer that have just started.
      await measure(bench, arrivals, 100, 3_000);
      for (const rate of bench.quick ? rates.slice(0, 1) : rates)
        findings.push(...(await findingsAt(bench, arrivals, rate)));
      return findings;
    } finally {
      await arrivals.close();
      await bench.servers.run("stop");
    }
  },
};

/** When each message was read from `weather`, by a member of a group of its own, which asks as the consumer program does. */
class Arrivals {
  readonly atMs = new Map<string, number>();

  private constructor(readonly close: () => Promise<void>) {}

  static async open({ kafka, signal }: Bench): Promise<Arrivals> {
    const consumer = kafka.consumer({ groupId: "bench-latency", maxWaitTimeInMs: 100 });
    const arrivals = new Arrivals(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topics: ["weather"] });
    const joined = new Promise((resolve, reject) => {
      consumer.on("consumer.group_join", resolve);
      signal.addEventListener("abort", () => {
        reject(new Error("the group was not joined in time"));
      });
    });
    await consumer.run({
      eachBatch: ({ batch }) => {
        const now = performance.now();
        for (const { headers } of batch.messages) {
          const id = headers?.[header.messageId]?.toString();
          if (id !== undefined) arrivals.atMs.set(id, now);
        }
        return Promise.resolve();
      },
    });
    await joined;
    return arrivals;
  }
}

async function findingsAt(bench: Bench, arrivals: Arrivals, rate: number): Promise<Finding[]> {
  const seconds = bench.quick ? 3 : 15;
  const figures: { p50: number[]; p99: number[]; max: number[] } = { p50: [], p99: [], max: [] };
  let arrived = 0;
  for (let round = 1; round <= bench.rounds; round++) {
    const sorted = (await measure(bench, arrivals, rate, seconds * 1_000)).sort((a, b) => a - b);
    arrived += sorted.length;
    figures.p50.push(percentile(sorted, 0.5));
    figures.p99.push(percentile(sorted, 0.99));
    figures.max.push(percentile(sorted, 1));
    bench.tell(
      `latency: ${rate} points/s, round ${round}: p50 ${Math.round(figures.p50.at(-1) ?? 0)} ms, p99 ${Math.round(figures.p99.at(-1) ?? 0)} ms`,
    );
  }
  return (["p50", "p99", "max"] as const).map((name): Finding => ({
    kind: "figure",
    what: `${name} at ${rate.toLocaleString("en")} points/s (${seconds} s a round)`,
    unit: "ms",
    own: { by: "inject's line protocol, producer program, a kafkajs consumer", values: figures[name] },
    ...(name === "p99" && rate === aimedAtRate && { atMost: mostMs }),
    counts: [{ where: "weather", expected: rate * seconds * bench.rounds, held: arrived }],
  }));
}

/** Writes at a steady rate, and returns the latency of each point in ms. @throws Error where one doesn't arrive. */
async function measure(
  { servers, signal }: Bench,
  arrivals: Arrivals,
  pointsPerSecond: number,
  durationMs: number,
): Promise<number[]> {
  const { influxdb, producer } = servers;
  const target = { ...influxdb, bucket: producer.influxdb.bucket };
  const source = simulatedSource({ seed: 1, stations, pointsPerSecond }, Date.now());
  const wanted = (pointsPerSecond * durationMs) / 1_000;
  const acknowledged = new Map<string, number>();
  const writes: Promise<void>[] = [];
  for (let written = 0; written < wanted;) {
    await sleep(writeEveryMs, signal);
    signal.throwIfAborted();
    const points = source.due(Date.now()).slice(0, wanted - written);
    if (points.length === 0) continue;
    written += points.length;
    const write = writeBodies(target, [points.map(toLine).join("\n")], 1, signal).then(() => {
      const now = performance.now();
      for (const { station, timeNs } of points) acknowledged.set(`${station}@${timeNs}`, now);
    });
    // Its failure is met below; until then it must not count as unhandled.
    write.catch(() => undefined);
    writes.push(write);
  }
  await Promise.all(writes);
  const ids = [...acknowledged.keys()];
  for (const deadline = performance.now() + arriveWithinMs; ids.some((id) => !arrivals.atMs.has(id));) {
    if (performance.now() > deadline || signal.aborted)
      throw new Error(
        `${ids.filter((id) => !arrivals.atMs.has(id)).length} of ${ids.length} points did not arrive`,
      );
    await sleep(50, signal);
  }
  const latencies = [...acknowledged].map(([id, ackMs]) => Math.max(0, (arrivals.atMs.get(id) ?? 0) - ackMs));
  arrivals.atMs.clear();
  return latencies;
}

/** The least value that so large a share of the sorted values doesn't exceed. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
