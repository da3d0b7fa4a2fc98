import * as fs from "node:fs";
import * as path from "node:path";
import { Partitioners } from "kafkajs";
import { decodeMessage } from "../../apps/shared/message";
import { pointsIn } from "../../commands/live/influxdb";
import { type PipelineOutputs } from "../../components/outputs";
import { startTicks } from "../../embedded/processes";
import { eventually, isFree, run, temporaryState } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";
import { readTopic, type WitnessedRecord } from "./witness";

jest.setTimeout(300_000);

const stack = new EmbeddedStack(["inject.pointsPerSecond=100"]);
let outputs: PipelineOutputs;

const status = () => stack.status();
/** What a topic holds now, from its beginning. */
async function readAll(topic: string): Promise<WitnessedRecord[]> {
  const records: WitnessedRecord[] = [];
  await readTopic(stack.kafka(), topic, (record) => records.push(record));
  return records;
}

beforeAll(async () => {
  await stack.up();
  ({ outputs } = stack);
}, coldStartMs);

afterAll(() => stack.down(), 180_000);

test("all services become healthy, and images without a driver are named, not faked", async () => {
  const { services, target, pages } = await eventually(
    status,
    (now) => now.services.every(({ healthy }) => healthy === true),
    60_000,
  );
  expect(target).toBe("embedded");
  expect(pages).toEqual([{ name: "live page", url: outputs.pages.consumer }]);
  expect(services.map(({ name }) => name.replace("weather-dev-", "")).sort()).toEqual([
    "consumer",
    "influxdb",
    "inject",
    "kafka1",
    "kafka2",
    "kafka3",
    "monitor",
    "producer",
    "telegraf-metrics",
    "telegraf-to-influxdb",
    "telegraf-to-kafka",
  ]);
});

test("the topics are as declared", async () => {
  const { kafka: cluster } = await status();
  if ("error" in cluster) throw new Error(cluster.error);
  expect(cluster.brokers).toEqual([1, 2, 3]);
  const shape = { partitions: 4, replicationFactor: 3, minInsyncReplicas: 2, underReplicated: 0 };
  expect(cluster.topics).toEqual(
    ["weather", "weather-alerts", "weather-dlq", "weather-retry", "weather-telegraf"].map(
      (name) => expect.objectContaining({ name, ...shape }) as unknown,
    ),
  );
});

test("an unknown topic isn't created by producing to it", async () => {
  const producer = stack.kafka().producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { retries: 1 },
  });
  await producer.connect();
  await expect(producer.send({ topic: "nobody-declared-this", messages: [{ value: "x" }] })).rejects.toThrow(
    /does not host this topic/,
  );
  await producer.disconnect();
});

test("every message is valid, each station stays in one partition, and all partitions are used", async () => {
  await eventually(status, ({ flow }) => (flow.published ?? 0) > 500, 60_000);
  const messages = await readAll("weather");
  const partitionsOf = new Map<string, Set<number>>();
  for (const { partition, key, value, headers } of messages) {
    const station = String(key);
    expect(headers["schema-version"]).toBe("1");
    expect(decodeMessage(value)).toMatchObject({ message: { station } });
    partitionsOf.set(station, (partitionsOf.get(station) ?? new Set()).add(partition));
  }
  expect([...partitionsOf.values()].every((partitions) => partitions.size === 1)).toBe(true);
  expect(new Set([...partitionsOf.values()].flatMap((partitions) => [...partitions]))).toEqual(
    new Set([0, 1, 2, 3]),
  );
});

/** Calls of the webhook up to now, by what became of them. */
async function webhookCalls(): Promise<Record<string, number>> {
  const text = await (await fetch(`${outputs.pages.consumer}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^weather_consumer_alerts_total\{outcome="(\w+)"\} (\d+)$/gm)].map(
      ([, outcome = "", count]) => [outcome, Number(count)],
    ),
  );
}

test("a point that is too hot leads to CRIT, to one call of the webhook and to one alert", async () => {
  const before = (await readAll("weather-alerts")).length;
  const callsBefore = await webhookCalls();
  await stack.writePoint("desert", 48);
  await eventually(
    status,
    ({ influxdb }) =>
      "checks" in influxdb &&
      influxdb.checks.some(({ name, level }) => name === "too hot" && level === "CRIT"),
    40_000,
  );
  const alerts = await eventually(
    () => readAll("weather-alerts"),
    (found) => found.slice(before).some(({ value }) => String(value).includes("desert")),
    40_000,
  );
  expect(
    alerts.filter(({ value }) => String(value).includes("desert") && String(value).includes("too hot")),
  ).toHaveLength(1);
  // The rule runs every 5 s: a second call for the same point would have come by then.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  const calls = await webhookCalls();
  const after = (await readAll("weather-alerts")).length;
  expect({ ...calls, published: (calls["published"] ?? 0) - (callsBefore["published"] ?? 0) }).toEqual({
    ...callsBefore,
    published: after - before,
  });
});

test("brokers, producer and consumer are killed: each comes back, and nothing is lost or doubled", async () => {
  const pids = new Map((await status()).services.map(({ name, pid }) => [name, pid]));
  for (const name of ["weather-dev-kafka2", "weather-dev-producer", "weather-dev-consumer"]) {
    await stack.act(name, "kill");
    await eventually(
      status,
      ({ services, kafka: cluster }) =>
        services.some(
          (service) => service.name === name && service.healthy === true && service.pid !== pids.get(name),
        ) &&
        "topics" in cluster &&
        cluster.brokers.length === 3 &&
        cluster.topics.every(({ underReplicated }) => underReplicated === 0),
      90_000,
    );
  }

  await stack.act("inject", "stop");
  const client = stack.influx();
  const whole = await eventually(
    async () => {
      const { flow, kafka: cluster } = await status();
      const telegraf =
        "topics" in cluster
          ? cluster.topics.find(({ name }) => name === "weather-telegraf")?.messages
          : undefined;
      return {
        ...flow,
        telegraf,
        back: await pointsIn(client, outputs.influxdb.org, outputs.influxdb.telegrafBucket ?? ""),
      };
    },
    ({ injected, published, consumed, telegraf, back }) =>
      injected === published &&
      published === consumed &&
      back === injected &&
      // Telegraf sends a batch again when a broker goes away in its midst; InfluxDB takes a repeated point for the same.
      (telegraf ?? 0) >= injected,
    60_000,
  );
  const ids = (await readAll("weather")).map(({ headers }) => headers["message-id"]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(whole.injected ?? -1);
  await stack.act("inject", "start");
});

test("a second run of the same stack is refused, with its process named", async () => {
  const { code, output } = await stack.command("up", ...stack.upArguments);
  expect(code).toBe(1);
  expect(output).toMatch(/is up already \(process \d+\)/);
});

test("a port that is taken is named before anything starts", async () => {
  const other = temporaryState();
  try {
    const { code, output } = await run(other, "up", stack.upArguments);
    expect(code).toBe(1);
    for (const port of stack.publishedPorts) expect(output).toContain(`127.0.0.1:${port} for weather-dev-`);
    expect(fs.existsSync(path.join(other, "dev", "containers"))).toBe(false);
  } finally {
    fs.rmSync(other, { recursive: true, force: true });
  }
});

test("everything that is wrong with a configuration is said at once, before anything starts", async () => {
  const other = temporaryState();
  try {
    const wrong = [
      "kafka.brokers=2",
      "kafka.replicationFactor=5",
      "kafka.minInsyncReplicas=6",
      "kafdrop.hostPort=3000",
      "influxdb.retention=soon",
      "inject.source=moon",
    ];
    const { code, output } = await run(other, "up", [
      "--target",
      "embedded",
      "--detach",
      ...wrong.flatMap((setting) => ["--set", setting]),
    ]);
    expect(code).toBe(1);
    for (const at of [
      "kafka.brokers",
      "kafka.replicationFactor",
      "kafka.minInsyncReplicas",
      "grafana.hostPort",
      "influxdb.retention",
      "inject.source",
    ]) {
      expect(output).toContain(`  ${at}: `);
    }
    expect(output).not.toMatch(/^\s+at /m);
    expect(fs.existsSync(path.join(other, "dev", "containers"))).toBe(false);
  } finally {
    fs.rmSync(other, { recursive: true, force: true });
  }
});

test("the supervisor is killed: down ends what it left behind, and no port stays taken", async () => {
  const services = (await status()).services;
  const supervisor = (await stack.command("up", ...stack.upArguments)).output.match(/process (\d+)/)?.[1];
  process.kill(Number(supervisor), "SIGKILL");
  const { code, output } = await stack.command("down");
  expect(code).toBe(0);
  expect(output).toMatch(/Ended \d+ processes that a crashed run had left behind/);
  for (const { pid } of services) expect(pid === undefined ? undefined : startTicks(pid)).toBeUndefined();
  for (const port of stack.publishedPorts) expect(await isFree(port)).toBe(true);
});
