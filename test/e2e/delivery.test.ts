/**
 * The promises of docs/delivery.md, by breaking things and counting with clients that share nothing with the pipeline. With
 * WEATHER_LONG=1 the faults are as many as the promises speak of (about a quarter of an hour); without, a few of each.
 */
import * as fs from "node:fs";
import { type InfluxDB, setLogger } from "@influxdata/influxdb-client";
import { type Kafka, Partitioners, type Producer } from "kafkajs";
import { writeThrough } from "../../apps/shared/influxdb";
import { header, messageId } from "../../apps/shared/message";
import { type OutgoingRecord, Sender } from "../../apps/shared/sender";
import { pointsIn } from "../../commands/live/influxdb";
import { deployersKafka } from "../../commands/live/kafka-client";
import { type StackStatus } from "../../commands/live/status";
import { type PipelineOutputs } from "../../components/outputs";
import { garbage } from "./garbage";
import { eventually } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";
import { groupCounts, readTopic } from "./witness";

const isLong = process.env["WEATHER_LONG"] === "1";
const size = isLong
  ? { garbage: 10_000, kills: 20, influxAwayMs: 60_000, brokerKills: 6 }
  : { garbage: 1_000, kills: 2, influxAwayMs: 5_000, brokerKills: 1 };

jest.setTimeout(isLong ? 1_200_000 : 300_000);

const stack = new EmbeddedStack([
  "inject.pointsPerSecond=100",
  // Many anomalies: each is an effect that must be done once.
  "consumer.anomalyDeviations=2",
  "telegraf.enabled=false",
]);
let outputs: PipelineOutputs;
let kafka: Kafka;

/** Shown as they come: a later fault must not hide them. */
const report = (what: string, figures: object) =>
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);
const wait = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
const status = () => stack.status();
const counts = () => groupCounts(kafka, outputs.kafka.group, "weather");

async function anomaliesIn(client: InfluxDB): Promise<number> {
  const rows = await client.getQueryApi(outputs.influxdb.org).collectRows<{ _value: number }>(
    `from(bucket: "weather_analysis") |> range(start: 0, stop: 2100-01-01T00:00:00Z)
      |> filter(fn: (r) => r._measurement == "anomaly" and r._field == "value") |> count() |> group() |> sum()`,
  );
  return rows[0]?._value ?? 0;
}

/** Resident memory of the consumer in MiB. */
async function consumerMiB(): Promise<number> {
  const pid = (await status()).services.find(({ name }) => name.endsWith("-consumer"))?.pid ?? 0;
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) / 1_024;
}

/** The programs' own way to send. */
const ours = () => new Sender(deployersKafka(outputs, "ours"));

async function plainProducer(retries: number): Promise<Producer> {
  const producer = deployersKafka(outputs, "plain").producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries },
  });
  await producer.connect();
  return producer;
}

beforeAll(async () => {
  await stack.up();
  ({ outputs } = stack);
  kafka = deployersKafka(outputs, "witness");
}, coldStartMs);

afterAll(() => stack.down(), 180_000);

test("garbage among good messages: all of it is a dead letter with its reason, all good ones count, memory stays", async () => {
  await stack.act("inject", "stop");
  await eventually(counts, ({ lag, messages }) => lag === 0 && messages > 0, 60_000);
  // The producer may be about to publish its last points.
  await wait(2_000);
  const before = await counts();
  const sender = ours();
  let good = 0;
  let mostMiB = 0;
  const startMiB = await consumerMiB();
  const all = [...garbage(size.garbage)];
  const batchSize = 50;
  for (let i = 0; i < all.length; i += batchSize) {
    const timeNs = `${Date.now()}${String(i).padStart(6, "0")}`;
    const seconds = new Date(Number(timeNs.slice(0, 13))).toISOString().slice(0, 19);
    const message = {
      station: `good-${i % 7}`,
      time: `${seconds}.${timeNs.slice(10)}Z`,
      temperature: 10,
      pressure: 1_000,
      wind: 3,
    };
    const { station } = message;
    good++;
    await sender.send("weather", [
      ...all.slice(i, i + batchSize),
      {
        key: station,
        value: JSON.stringify(message),
        headers: { [header.schemaVersion]: "1", [header.messageId]: messageId(station, timeNs) },
      },
    ]);
    if (i % 1_000 === 0) mostMiB = Math.max(mostMiB, await consumerMiB());
  }
  await sender.close();
  const after = await eventually(
    counts,
    ({ lag, deadLetters }) => lag === 0 && deadLetters >= before.deadLetters + all.length,
    120_000,
  );
  mostMiB = Math.max(mostMiB, await consumerMiB());

  const byNumber = new Map(all.map((one) => [one.number, one]));
  const reasons: Record<string, number> = {};
  const places = new Set<string>();
  await readTopic(kafka, "weather-dlq", ({ key, value, headers }) => {
    const one = byNumber.get(headers["garbage"] ?? "");
    if (!one) throw new Error(`a good message became a dead letter: ${JSON.stringify(headers)}`);
    expect(headers[header.reason]).toMatch(one.reason);
    expect(headers).toMatchObject({ [header.sourceTopic]: "weather", [header.replayTo]: "weather" });
    expect(key).toEqual(one.key === null ? null : Buffer.from(one.key));
    expect(value?.equals(Buffer.from(one.value ?? "")) ?? null).toBe(one.value === null ? null : true);
    places.add(`${headers[header.sourcePartition]}/${headers[header.sourceOffset]}`);
    const reason = (headers[header.reason] ?? "").replace(/\d+/g, "N");
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  });
  report("garbage", { sent: all.length, deadLetters: places.size, good, startMiB, mostMiB, reasons });
  expect(places.size).toBe(all.length);
  expect(after.deadLetters - before.deadLetters).toBe(all.length);
  expect(after.messages - before.messages).toBe(good);
  expect(mostMiB - startMiB).toBeLessThan(100);
});

test("programs killed at any moment, InfluxDB away: every point it acknowledged is published, each effect counted once", async () => {
  await stack.act("inject", "start");
  const client = stack.influx();
  // A failed write is one that wasn't acknowledged, nothing more.
  setLogger({ error: () => undefined, warn: () => undefined });
  const write = writeThrough(
    client.getWriteApi(outputs.influxdb.org, outputs.influxdb.bucket, "ns", {
      maxRetries: 0,
      flushInterval: 0,
    }),
  );
  const acknowledged = new Set<string>();
  const writingEnds = new AbortController();
  const writing = (async () => {
    for (let i = 0; !writingEnds.signal.aborted; i++) {
      const station = `witness-${i % 5}`;
      const timeNs = `${Date.now()}${String(i % 1_000_000).padStart(6, "0")}`;
      const line = `weather,station=${station} temperature=10,pressure=1000,wind=3,humidity=50 ${timeNs}`;
      await write([line]).then(
        () => acknowledged.add(messageId(station, timeNs)),
        () => undefined,
      );
      await wait(50);
    }
  })();

  let kills = 0;
  const killing = Promise.all(
    ["producer", "consumer", "inject"].map(async (name) => {
      for (let i = 0; i < size.kills; i++) {
        await wait(Math.random() * 6_000);
        await stack.act(name, "kill");
        kills++;
        await wait(200 + Math.random() * 300);
        // The restart policy would wait longer after each of so many.
        await stack.act(name, "start");
      }
    }),
  );
  await wait(2_000);
  await stack.act("influxdb", "stop");
  await wait(size.influxAwayMs);
  await stack.act("influxdb", "start");
  await killing;
  await wait(3_000);
  writingEnds.abort();
  await writing;
  // What inject still holds is in InfluxDB before it ends.
  await eventually(
    () => pointsIn(client, outputs.influxdb.org, "weather"),
    (points) => points > 0,
    60_000,
  );
  await wait(6_000);
  await stack.act("inject", "stop");

  const points = await pointsIn(client, outputs.influxdb.org, "weather");
  const foreign = (await counts()).deadLetters;
  const settled = await eventually(
    async () => ({ ...(await counts()), written: await anomaliesIn(client) }),
    ({ lag, messages, anomalies, written }) => lag === 0 && messages >= points && written >= anomalies,
    180_000,
  );
  const ids: string[] = [];
  await readTopic(kafka, "weather", ({ headers }) => {
    const id = headers[header.messageId];
    if (id !== undefined) ids.push(id);
  });
  const distinct = new Set(ids);
  const lost = [...acknowledged].filter((id) => !distinct.has(id));
  const published = [...distinct].filter((id) => !id.startsWith("good-")).length;
  report("kills", {
    kills,
    influxAwayMs: size.influxAwayMs,
    acknowledgedByWitness: acknowledged.size,
    pointsInInfluxDB: points,
    published,
    lost: lost.length,
    publishedTwice: ids.length - distinct.size,
    counted: settled.messages,
    duplicatesWithoutEffect: settled.duplicates,
    anomaliesCounted: settled.anomalies,
    anomaliesInInfluxDB: settled.written,
  });
  expect(lost).toEqual([]);
  expect(published).toBe(points);
  expect(settled.messages).toBe(distinct.size);
  expect(settled.duplicates).toBe(ids.length - distinct.size);
  expect(settled.deadLetters).toBe(foreign);
  expect(settled.written).toBe(settled.anomalies);
});

test("two brokers lost: writes are refused, none is lost, and all goes on by itself when one returns", async () => {
  await stack.act("inject", "start");
  const admin = kafka.admin();
  await admin.connect();
  for (const topic of ["loss-plain", "loss-ours"])
    await admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: 4,
          replicationFactor: 3,
          configEntries: [{ name: "min.insync.replicas", value: "2" }],
        },
      ],
      // Asked for too early, kafkajs fails on a topic that isn't everywhere yet.
      waitForLeaders: false,
    });
  await eventually(
    () => admin.fetchTopicMetadata({ topics: ["loss-plain", "loss-ours"] }),
    ({ topics }) => topics.every(({ partitions }) => partitions.every(({ leader }) => leader > 0)),
    60_000,
  );
  await admin.disconnect();

  const sender = ours();
  const plain = await plainProducer(100);
  const acknowledged = { ours: new Set<string>(), plain: new Set<string>() };
  const sends: Promise<void>[] = [];
  let lastAckMs = Date.now();
  let longestPauseMs = 0;
  const sendingEnds = new AbortController();
  const unacknowledged = () => undefined;
  const sending = (async () => {
    for (let i = 0; !sendingEnds.signal.aborted; i++) {
      const records = Array.from({ length: 20 }, (_, j): OutgoingRecord => ({
        key: `key-${j}`,
        value: `${i}-${j}`,
        headers: {},
      }));
      sends.push(
        sender.send("loss-ours", records).then(() => {
          for (const { value } of records) acknowledged.ours.add(String(value));
          longestPauseMs = Math.max(longestPauseMs, Date.now() - lastAckMs);
          lastAckMs = Date.now();
        }, unacknowledged),
        plain
          .send({ topic: "loss-plain", messages: records.map(({ key, value }) => ({ key, value })) })
          .then(() => {
            for (const { value } of records) acknowledged.plain.add(String(value));
          }, unacknowledged),
      );
      await wait(50);
    }
  })();

  const isWhole = ({ kafka: cluster }: StackStatus) =>
    "topics" in cluster &&
    cluster.brokers.length === 3 &&
    cluster.topics.every(({ underReplicated }) => underReplicated === 0);
  for (let i = 0; i < size.brokerKills; i++) {
    await wait(1_000);
    await stack.act(`kafka${(i % 3) + 1}`, "kill");
    await wait(500);
    await stack.act(`kafka${(i % 3) + 1}`, "start");
    await eventually(status, isWhole, 90_000);
  }
  const pauseOfOneLostMs = longestPauseMs;

  for (const name of ["kafka1", "kafka2"]) {
    await stack.act(name, "kill");
    await stack.act(name, "stop");
  }
  await wait(4_000);
  const ackedBefore = acknowledged.ours.size;
  const impatient = plainProducer(2).then((producer) =>
    producer
      .send({ topic: "loss-ours", messages: [{ key: "key-0", value: "refused" }] })
      .finally(() => producer.disconnect()),
  );
  await expect(impatient).rejects.toThrow();
  expect(acknowledged.ours.size).toBe(ackedBefore);

  const returned = Date.now();
  await stack.act("kafka1", "start");
  await eventually(
    () => Promise.resolve(acknowledged.ours.size),
    (acked) => acked > ackedBefore,
    90_000,
  );
  const goesOnAfterMs = Date.now() - returned;
  await stack.act("kafka2", "start");
  sendingEnds.abort();
  await sending;
  await Promise.allSettled(sends);
  await sender.close();
  await plain.disconnect();
  await eventually(status, isWhole, 90_000);

  const held = { ours: new Set<string>(), plain: new Set<string>() };
  let heldRecords = 0;
  await readTopic(kafka, "loss-ours", ({ value }) => {
    heldRecords++;
    held.ours.add(String(value));
  });
  await readTopic(kafka, "loss-plain", ({ value }) => held.plain.add(String(value)));
  const lost = (kind: "ours" | "plain") => [...acknowledged[kind]].filter((id) => !held[kind].has(id)).length;

  await wait(2_000);
  await stack.act("inject", "stop");
  const client = stack.influx();
  const points = await pointsIn(client, outputs.influxdb.org, "weather");
  const published = new Set<string>();
  await eventually(counts, ({ lag, messages }) => lag === 0 && messages >= points, 90_000);
  await readTopic(kafka, "weather", ({ headers }) => {
    const id = headers[header.messageId];
    if (id !== undefined && !id.startsWith("good-")) published.add(id);
  });
  report("brokers", {
    kills: size.brokerKills + 2,
    acknowledgedOurs: acknowledged.ours.size,
    lostOurs: lost("ours"),
    doubledOurs: heldRecords - held.ours.size,
    acknowledgedPlain: acknowledged.plain.size,
    lostPlain: lost("plain"),
    pauseOfOneLostMs,
    goesOnAfterMs,
  });
  expect(lost("ours")).toBe(0);
  expect(published.size).toBe(points);
});
