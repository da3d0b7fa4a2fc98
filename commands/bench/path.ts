import { toLine } from "../../apps/inject/weather";
import { bodiesOf, createBucket, removeBucket, replicate, writeBodies } from "./influxdb";
import { type Bench, type Part } from "./part";
import { freePort } from "./ports";
import { ProcessorTime } from "./processor-time";
import { Program } from "./program";
import { type Count, type Finding } from "./report";
import { Telegraf, telegrafProgram } from "./telegraf";
import { pastPoints } from "./weather";

/** What issue 7 aims at. */
const leastRatio = 2;

/** Writers side by side, here and to InfluxDB. */
export const parallelWrites = 4;

/** Metrics in one batch of Telegraf's. */
const telegrafBatch = 5_000;

/** The producer program after an outage, against Telegraf. */
export const pathPart: Part = {
  needs: "servers",
  subject: "InfluxDB to Kafka: the producer program catching up, against InfluxDB's replication to Telegraf",
  bound:
    "the bare sender above, which no path through kafkajs passes. The producer also reads each point as a line of CSV and knows, by its topic, what it has published; Telegraf is told each point once and keeps none.",
  limitSeconds: 600,
  run: async (bench) => {
    const points = bench.quick ? 10_000 : 300_000;
    return [await producerAgainstTelegraf(bench, { points, stations: 50, leastRatio })];
  },
};

/**
 * Both bring what is written to a bucket into a topic, and end when the last point is there. The producer program finds all points
 * in the bucket, and its time begins with its start; InfluxDB's replication sends to Telegraf what is written while it is written, as
 * it knows no older points, and that time begins with the first write.
 */
async function producerAgainstTelegraf(
  bench: Bench,
  { points, stations, leastRatio }: { points: number; stations: number; leastRatio: number },
): Promise<Finding> {
  const { topics, rounds, tell } = bench;
  const telegraf = await telegrafProgram();
  const values = { own: [] as number[], other: [] as number[] };
  const times = { own: new ProcessorTime(), other: new ProcessorTime() };
  const counts: Count[] = [];
  for (let round = 1; round <= rounds; round++) {
    const [own, other] = [`bench-path-${round}`, `bench-telegraf-${round}`];
    await topics.create([own, other]);
    const bodies = bodiesOf([...pastPoints(points, stations)].flatMap((some) => some.map(toLine)));
    const ours = async () => {
      values.own.push(await catchUp(bench, { topic: own, bodies, points, times: times.own }));
    };
    const theirs = async () => {
      values.other.push(await bridged(bench, telegraf, { topic: other, bodies, points, times: times.other }));
    };
    for (const side of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) await side();
    counts.push(await topics.counted(own, points), await topics.counted(other, points));
    await topics.remove([own, other]);
    tell(
      `path: round ${round}: ${Math.round(values.own.at(-1) ?? 0)} against ${Math.round(values.other.at(-1) ?? 0)} points/s`,
    );
  }
  return {
    kind: "comparison",
    what: `${points.toLocaleString("en")} points of ${stations} stations into a topic`,
    unit: "points/s",
    own: { by: "producer program, reading InfluxDB", values: values.own, cores: times.own.cores() },
    other: {
      by: "InfluxDB's replication to Telegraf",
      values: values.other,
      cores: times.other.cores(),
    },
    atLeast: leastRatio,
    counts,
  };
}

/** What a way from a bucket to a topic is measured with. */
interface Crossing {
  topic: string;
  bodies: readonly string[];
  points: number;
  times: ProcessorTime;
}

/** Writes the points into a bucket that is replicated to Telegraf, which brings them into the topic; returns points a second from the first write on. */
async function bridged(
  { servers, topics, signal }: Bench,
  program: string,
  { topic, bodies, points, times }: Crossing,
): Promise<number> {
  const { influxdb, processes } = servers;
  const bucket = topic;
  const bucketId = await createBucket(influxdb, bucket);
  const telegraf = await Telegraf.start(program, servers, { topic, points, batch: telegrafBatch }, signal);
  let replication: Awaited<ReturnType<typeof replicate>> | undefined;
  try {
    replication = await replicate(influxdb, { bucketId, target: telegraf.target });
    const watched = { telegraf: [telegraf.pid], influxd: processes.influxd, brokers: processes.brokers };
    const begun = performance.now();
    const done = await times.during(watched, async () => {
      await writeBodies({ ...influxdb, bucket }, bodies, parallelWrites, signal);
      return topics.holds(topic, points, signal);
    });
    return (points * 1_000) / (done - begun);
  } finally {
    await telegraf.stop();
    await replication?.remove();
    await removeBucket(influxdb, bucket);
  }
}

/** Writes the points into a bucket of their own and lets the producer program bring them into the topic; returns points a second from its start on. */
export async function catchUp(
  { servers, topics, signal }: Bench,
  { topic, bodies, points, times }: Crossing,
): Promise<number> {
  const { influxdb, producer, processes } = servers;
  const bucket = topic;
  await createBucket(influxdb, bucket);
  await writeBodies({ ...influxdb, bucket }, bodies, parallelWrites, signal);
  const config = {
    ...producer,
    influxdb: { ...producer.influxdb, bucket, tokenFile: servers.write("influxdb-token", influxdb.token) },
    topic,
  };
  const program = Program.start("producer", servers, config, await freePort(), signal);
  try {
    const begun = await program.logged("started", signal);
    const watched = { producer: [program.pid], influxd: processes.influxd, brokers: processes.brokers };
    const done = await times.during(watched, () => topics.holds(topic, points, signal));
    return (points * 1_000) / (done - begun);
  } finally {
    await program.stop();
    await removeBucket(influxdb, bucket);
  }
}
