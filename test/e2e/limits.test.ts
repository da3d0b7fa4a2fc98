import * as fs from "node:fs";
import * as path from "node:path";
import { setLogger } from "@influxdata/influxdb-client";
import { type Consumer } from "kafkajs";
import { type Alert } from "../../apps/consumer/alerts";
import { segmentBytesFor, worstCaseBytes } from "../../components/kafka/disk";
import { topicConfig, type Cleanup } from "../../components/kafka/topic";
import {
  alertsDashboard,
  pipelineDashboard,
  weatherDashboard,
} from "../../components/observability/dashboards";
import { type PipelineOutputs } from "../../components/outputs";
import { pipelineTopics, settingsSchema } from "../../components/settings";
import { metricsMeasurement } from "../../components/telegraf/metrics";
import { eventually } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";

jest.setTimeout(300_000);

const retentionBytes = 1_048_576;
const stack = new EmbeddedStack([
  `kafka.retentionBytes=${retentionBytes}`,
  "telegraf.enabled=false",
  // Every disk is fuller than that.
  "alerts.usableDiskPercent=100",
  "alerts.lagMessages=20",
  "alerts.underReplicatedFor=2 seconds",
]);
const cleanup: Cleanup = { policy: "delete", retentionBytes };
let outputs: PipelineOutputs;
let alertsReader: Consumer;
const alerts: Alert[] = [];

const levelOf = async (check: string) => {
  const { influxdb } = await stack.status();
  return "checks" in influxdb ? influxdb.checks.find(({ name }) => name === check)?.level : undefined;
};

/** InfluxDB with the token that Grafana was given. */
const grafana = () => stack.influx(String(stack.kept("grafana-token")["token"]));

async function send(topic: string, values: readonly (string | Buffer)[]): Promise<void> {
  const producer = stack.kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  for (const value of values) await producer.send({ topic, messages: [{ value, partition: 0 }] });
  await producer.disconnect();
}

/** Bytes of the segments of a topic in a broker's folder, and of all its partitions. */
function bytesOnDisk(broker: number, topic = ""): number {
  const logs = path.join(stack.folder.volumes, `weather-dev-kafka${broker}-data`, "logs");
  return fs
    .readdirSync(logs)
    .filter((name) => /-\d+$/.test(name) && name.startsWith(topic))
    .flatMap((name) => fs.readdirSync(path.join(logs, name)).map((file) => path.join(logs, name, file)))
    .filter((file) => file.endsWith(".log"))
    .reduce((sum, file) => sum + (fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

beforeAll(async () => {
  await stack.up();
  ({ outputs } = stack);

  alertsReader = stack.kafka().consumer({ groupId: "test-alerts", sessionTimeout: 10_000 });
  await alertsReader.connect();
  await alertsReader.subscribe({ topic: "weather-alerts", fromBeginning: true });
  await alertsReader.run({
    eachMessage: ({ message }) => {
      alerts.push(JSON.parse(String(message.value)) as Alert);
      return Promise.resolve();
    },
  });

  const admin = stack.kafka().admin();
  await admin.connect();
  const configEntries = Object.entries(topicConfig({ name: "flooded", cleanup }, 2)).map(([name, value]) => ({
    name,
    value,
  }));
  await admin.createTopics({
    topics: [{ topic: "flooded", numPartitions: 1, replicationFactor: 3, configEntries }],
  });
  await admin.disconnect();
}, coldStartMs);

afterAll(async () => {
  await alertsReader.disconnect().catch(() => undefined);
  await stack.down();
}, 180_000);

test("a message that is no weather, a full disk, and a broker that is gone: each is an alert in weather-alerts", async () => {
  // Twelve times what may be kept; looked at in the last test.
  await send(
    "flooded",
    Array.from({ length: 24 }, () => Buffer.alloc(retentionBytes / 2, "x")),
  );
  await send("weather", ["this is no weather"]);
  await stack.act("kafka2", "stop");
  await eventually(
    () => Promise.resolve(alerts.map(({ check }) => check)),
    (checks) =>
      ["disk almost full", "dead letters", "under-replicated"].every((check) => checks.includes(check)),
    90_000,
  ).finally(() => stack.act("kafka2", "start"));
  const found = new Map(alerts.map((alert) => [alert.check, alert]));
  expect(found.get("disk almost full")).toMatchObject({
    level: "crit",
    tags: { broker: expect.stringMatching(/^[123]$/) as string },
    message: expect.stringMatching(/^broker [123]: \d+(\.\d+)? % of its disk usable is crit$/) as string,
  });
  expect(found.get("dead letters")).toMatchObject({
    level: "crit",
    tags: { topic: "weather-dlq" },
    // The broker's end may have the consumer set the message aside again, which it promises to do at least once.
    message: expect.stringMatching(/^weather-dlq took \d+ messages in a minute: crit$/) as string,
  });
  const lacking = found.get("under-replicated");
  expect(lacking?.level).toBe("crit");
  expect(lacking?.values["weather_kafka_under_replicated_seconds"]).toBeGreaterThan(2);
});

test("a group that falls behind is CRIT while nobody takes its messages; all is well again afterwards", async () => {
  await stack.act("consumer", "stop");
  await eventually(
    () => levelOf("lag"),
    (level) => level === "CRIT",
    60_000,
  );
  await stack.act("consumer", "start");
  for (const check of ["lag", "under-replicated"])
    await eventually(
      () => levelOf(check),
      (level) => level === "OK",
      90_000,
    );
  expect(await levelOf("monitor silent")).toBe("OK");
});

test.each(
  [weatherDashboard("weather"), pipelineDashboard("pipeline", metricsMeasurement), alertsDashboard].flatMap(
    ({ title: dashboard, panels }) => panels.map(({ title, query }) => ({ dashboard, title, query })),
  ),
)("$dashboard, $title: Grafana's token finds figures with the panel's query", async ({ query }) => {
  const option = "option v = { timeRangeStart: -15m, timeRangeStop: now(), windowPeriod: 10s }";
  const rows = await grafana()
    .getQueryApi(outputs.influxdb.org)
    .collectRows<{ _value: unknown }>(`${option}\n${query}`);
  expect(rows.length).toBeGreaterThan(0);
  for (const { _value } of rows) expect(_value).not.toBeNull();
});

test("Grafana's token writes nothing", async () => {
  // The client says by itself what is expected here.
  setLogger({ error: () => undefined, warn: () => undefined });
  const writes = grafana().getWriteApi(outputs.influxdb.org, "pipeline", "ms", { maxRetries: 0 });
  writes.writeRecord("pipeline forged=1");
  await expect(writes.close()).rejects.toThrow();
});

test("a topic that was flooded with twelve times its retention is back within the bound that was computed", async () => {
  const bound = retentionBytes + segmentBytesFor(retentionBytes);
  for (const broker of [1, 2, 3])
    await eventually(
      () => Promise.resolve(bytesOnDisk(broker, "flooded")),
      (bytes) => bytes <= bound,
      // Brokers look every 30 s, and delete a minute later.
      180_000,
    );
  const admin = stack.kafka().admin();
  await admin.connect();
  const [log] = await admin.fetchTopicOffsets("flooded");
  await admin.disconnect();
  expect(Number(log?.high)).toBe(24);
  expect(Number(log?.low)).toBeGreaterThanOrEqual(20);

  const { partitions } = settingsSchema.parse({}).kafka;
  const topics = pipelineTopics(settingsSchema.parse({ kafka: { retentionBytes } })).map(({ name }) => ({
    name,
    partitions,
    cleanup,
  }));
  const wholeBound = worstCaseBytes([...topics, { name: "flooded", partitions: 1, cleanup }]) ?? 0;
  for (const broker of [1, 2, 3]) expect(bytesOnDisk(broker)).toBeLessThanOrEqual(wholeBound);
});
