import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type KafkaInstall } from "../../embedded/acquire/kafka";
import { createKafka } from "../../apps/shared/kafka";
import { type OutgoingRecord, Sender } from "../../apps/shared/sender";
import { type KafkaOutputs } from "../../commands/kafka/connection";
import { describeFeatures, planFinalisation, raiseFeatures } from "../../commands/kafka/features";
import { eventually } from "./run";
import { kafkaJars, Trio } from "./trio";
import { readTopic } from "./witness";

/* The jars of two versions may have to be downloaded. */
jest.setTimeout(10 * 60_000);

const topic = "weather";
let trio: Trio;
let before: KafkaInstall;
let after: KafkaInstall;

/** The level of a feature as Kafka's own kafka-features tool tells it. */
async function levelOf(feature: string): Promise<string | undefined> {
  const { stdout } = await promisify(execFile)(after.java, [
    ...["-cp", after.classPath, "org.apache.kafka.tools.FeatureCommand"],
    ...["--bootstrap-server", trio.bootstrapServers.join(","), "describe"],
  ]);
  return new RegExp(`\\b${feature.replace(".", "\\.")}\\s.*FinalizedVersionLevel:\\s*(\\S+)`).exec(
    stdout,
  )?.[1];
}

const metadataVersion = () => levelOf("metadata.version");

/** The cluster as `npm run kafka -- features` asks it. */
function outputs(): KafkaOutputs {
  const { bootstrapServers } = trio;
  return { kafka: { bootstrapServers, internalBootstrapServers: [], clusterId: "", topics: [], group: "" } };
}

/** Sends without pause until told to end; every number that it returns was acknowledged. */
function load(): { end(): Promise<{ acknowledged: number; longestPauseMs: number }> } {
  const sender = new Sender(createKafka("load", { brokers: trio.bootstrapServers }, () => undefined));
  const until = new AbortController();
  let acknowledged = 0;
  let longestPauseMs = 0;
  const done = (async () => {
    for (let last = Date.now(); !until.signal.aborted;) {
      const records = Array.from({ length: 100 }, (_, index): OutgoingRecord => ({
        key: `station-${index}`,
        value: String(acknowledged + index),
        headers: {},
      }));
      await sender.send(topic, records);
      acknowledged += records.length;
      longestPauseMs = Math.max(longestPauseMs, Date.now() - last);
      last = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await sender.close();
  })();
  return {
    end: async () => {
      until.abort();
      await done;
      return { acknowledged, longestPauseMs };
    },
  };
}

async function readAll(): Promise<Set<number>> {
  const found = new Set<number>();
  const kafka = createKafka("independent", { brokers: trio.bootstrapServers }, () => undefined);
  await readTopic(kafka, topic, ({ value }) => found.add(Number(String(value))));
  return found;
}

beforeAll(async () => {
  before = await kafkaJars("4.2.1");
  after = await kafkaJars("4.3.1");
  trio = await Trio.declare();
  await Promise.all([1, 2, 3].map((broker) => trio.start(broker, before)));
  await trio.whole();
  const admin = createKafka("setup", { brokers: trio.bootstrapServers }, () => undefined).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4, replicationFactor: 3 }] });
  await admin.disconnect();
});

afterAll(() => trio.end());

async function replace(broker: number, install: KafkaInstall): Promise<void> {
  await trio.stop(broker);
  await trio.start(broker, install);
  await trio.whole();
}

test("brokers go from 4.2.1 to 4.3.1 one by one, and back, under load: nothing acknowledged is lost", async () => {
  const old = await metadataVersion();
  expect(old).toMatch(/^4\.2/);
  const early = await describeFeatures(outputs());
  expect(() => planFinalisation(early, "4.3")).toThrow("not every broker supports metadata.version 30");

  const running = load();
  for (const broker of [1, 2, 3]) await replace(broker, after);
  // New programs, old metadata: until it is finalised, any broker can go back.
  expect(await metadataVersion()).toBe(old);
  await replace(3, before);
  await replace(3, after);
  const { acknowledged, longestPauseMs } = await running.end();

  process.stdout.write(`5 replacements: ${acknowledged} acknowledged, longest pause ${longestPauseMs} ms\n`);
  expect(acknowledged).toBeGreaterThan(1_000);
  const found = await readAll();
  expect(Array.from({ length: acknowledged }, (_, number) => number).filter((n) => !found.has(n))).toEqual(
    [],
  );
});

test("the metadata version is finalised deliberately, and from then on an old broker refuses to start", async () => {
  const raises = planFinalisation(await describeFeatures(outputs()), "4.3");
  expect(raises).toContainEqual({ name: "metadata.version", from: 29, to: 30 });
  await raiseFeatures(outputs(), raises, true);
  expect(await metadataVersion()).toMatch(/^4\.2/);
  await raiseFeatures(outputs(), raises, false);
  expect(await metadataVersion()).toMatch(/^4\.3/);
  expect(await levelOf("kraft.version")).toBe("0");

  await trio.stop(3);
  await trio.start(3, before);
  const refusal = "Tried to apply FeatureLevelRecord";
  const log = await eventually(
    () => Promise.resolve(trio.log(3)),
    (text) => text.includes(refusal),
    60_000,
  );
  expect(log.slice(log.indexOf(refusal)).split("\n", 1)[0]).toMatch(
    /name='metadata\.version'.*this controller only supports versions/,
  );
});
