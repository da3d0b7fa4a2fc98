/** `npm run kafka` on a stack with mTLS, its results seen by clients that share nothing with the command. */
import { type Kafka } from "kafkajs";
import { header } from "../../apps/shared/message";
import { Sender } from "../../apps/shared/sender";
import { replayLetters } from "../../commands/kafka/dlq";
import { describeFeatures, planFinalisation } from "../../commands/kafka/features";
import { describeGroup, type OffsetMove, planReset, resetTarget } from "../../commands/kafka/groups";
import { describeQuorum } from "../../commands/kafka/quorum";
import { describeTopic } from "../../commands/kafka/topics";
import { deployersKafka } from "../../commands/live/kafka-client";
import { type PipelineOutputs } from "../../components/outputs";
import { eventually } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";
import { readTopic } from "./witness";

jest.setTimeout(300_000);

const stack = new EmbeddedStack([
  "security.mode=mtls",
  "inject.enabled=false",
  "telegraf.enabled=false",
  "monitor.enabled=false",
]);
let outputs: PipelineOutputs;
let kafka: Kafka;

async function kafkaCommand(...args: string[]): Promise<string> {
  const { code, output } = await stack.command("kafka", ...args);
  if (code !== 0) throw new Error(output);
  return output;
}

async function witness<T>(ask: (admin: ReturnType<Kafka["admin"]>) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

const positionsOf = (groupId: string, topic: string) =>
  witness(async (admin) => {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  });

/** How often the record with this header `test` stands in a topic. */
async function copies(topic: string, mark: string): Promise<number> {
  let count = 0;
  await readTopic(kafka, topic, ({ headers }) => (count += Number(headers["test"] === mark)));
  return count;
}

beforeAll(async () => {
  await stack.up();
  ({ outputs } = stack);
  kafka = deployersKafka(outputs, "witness");
}, coldStartMs);

afterAll(() => stack.down(), 180_000);

test("topics, groups, quorum and features are as the cluster has them", async () => {
  const [topics, topic, quorum, features] = await Promise.all([
    kafkaCommand("topics", "list", "--json"),
    describeTopic(outputs, "weather-dlq"),
    describeQuorum(outputs),
    describeFeatures(outputs),
  ]);
  const names = (JSON.parse(topics) as { name: string }[]).map(({ name }) => name);
  expect(names.sort()).toEqual([...outputs.kafka.topics].sort());
  expect(topic.partitions).toHaveLength(4);
  expect(topic.partitions.every(({ isr }) => isr.length === 3)).toBe(true);
  expect(topic.config["max.message.bytes"]).toBe(String(2 * 1_048_588));
  expect(quorum).toMatchObject({ clusterId: outputs.kafka.clusterId, brokers: [1, 2, 3], unanswered: [] });
  expect(features.find(({ name }) => name === "metadata.version")?.level).toBeGreaterThanOrEqual(30);
  expect(planFinalisation(features, "4.3")).toEqual([]);

  const group = await eventually(
    () => describeGroup(outputs, outputs.kafka.group),
    (answer) => answer.state === "Stable",
    60_000,
  );
  expect(group.members.map(({ clientId }) => clientId)).toEqual(["consumer"]);
  const reset = ["groups", "reset-offsets", outputs.kafka.group, "--topic", "weather", "--to", "earliest"];
  const refused = await stack.command("kafka", ...reset, "--yes");
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(`the service ${outputs.prefix}-consumer`);
});

test("a group goes to a time: shown first, done with --yes", async () => {
  const sender = new Sender(kafka);
  const hourMs = 3_600_000;
  const now = Date.now();
  for (const age of [2 * hourMs, 0])
    await sender.send(
      "weather-telegraf",
      Array.from({ length: 10 }, (_, i) => ({
        key: null,
        partition: i % 2,
        value: "x",
        headers: {},
        timestampMs: now - age,
      })),
    );
  await sender.close();
  const topic = "weather-telegraf";
  await witness((admin) =>
    admin.setOffsets({
      groupId: "own",
      topic,
      partitions: [
        { partition: 0, offset: "10" },
        { partition: 1, offset: "2" },
      ],
    }),
  );
  const before = await positionsOf("own", topic);
  expect([before.get(0), before.get(1)]).toEqual([10, 2]);

  const to = new Date(now - hourMs).toISOString();
  const { moves } = await planReset(outputs, "own", topic, resetTarget(to));
  expect(moves).toMatchObject([{ from: 10, to: 5 }, { from: 2, to: 5 }, { to: 0 }, { to: 0 }]);
  const reset = ["groups", "reset-offsets", "own", "--topic", topic, "--to", to];
  expect(await kafkaCommand(...reset)).toContain("5 read again");
  expect(await positionsOf("own", topic)).toEqual(before);

  const done = JSON.parse(await kafkaCommand(...reset, "--yes", "--json")) as { partitions: OffsetMove[] };
  expect(done).toMatchObject({ done: true, partitions: moves });
  expect([...(await positionsOf("own", topic)).entries()].sort()).toEqual(
    moves.map((move) => [move.partition, move.to]),
  );
});

test("a dead letter is replayed once, and what a filter leaves out later", async () => {
  const sender = new Sender(kafka);
  const bad = (mark: string, value: string) => ({
    key: "oslo",
    value,
    headers: { test: mark, [header.schemaVersion]: "1" },
  });
  await sender.send("weather", [bad("a", "{not json"), bad("b", "[1]"), bad("c", "{not json")]);
  await sender.send("weather-dlq", [
    { key: "oslo", value: "x", headers: { [header.reason]: "no wind", source: "influxdb" } },
  ]);
  await sender.close();
  const letters = async () =>
    (await witness((admin) => admin.fetchTopicOffsets("weather-dlq"))).reduce(
      (sum, { high }) => sum + Number(high),
      0,
    );
  await eventually(letters, (count) => count === 4, 60_000);
  const list = await kafkaCommand("dlq", "list");
  expect(list).toMatch(/weather-\d@\d+ +oslo +to weather +not a JSON object/);
  expect(list).toContain("4 of 4 dead letters");

  const filter = { reason: "OBJECT" };
  const dry = await replayLetters(outputs, filter, false, false);
  expect(dry).toMatchObject({ send: [{ reason: "not a JSON object" }], leftOut: 2, notReplayable: [] });
  expect(await copies("weather", "b")).toBe(1);
  await kafkaCommand("dlq", "replay", "--reason", "object", "--yes");
  expect(await copies("weather", "b")).toBe(2);
  // What is sent again and is still no message becomes a dead letter anew: letter five.
  await eventually(letters, (count) => count === 5, 60_000);

  const rest = await replayLetters(outputs, {}, false, true);
  expect(rest).toMatchObject({ replayedBefore: 1, notReplayable: [{ source: "influxdb" }], leftOut: 0 });
  expect(rest.send).toHaveLength(3);
  await eventually(letters, (count) => count === 8, 60_000);
  expect(await Promise.all(["a", "b", "c"].map((mark) => copies("weather", mark)))).toEqual([2, 3, 2]);
});
