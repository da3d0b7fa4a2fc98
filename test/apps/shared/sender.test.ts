import { type Kafka, Partitioners, type ProducerRecord } from "kafkajs";
import { batchesOf, type OutgoingRecord, partitionForKey, Sender } from "../../../apps/shared/sender";

const record = (key: string, value = "v"): OutgoingRecord => ({ key, value, headers: {} });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A cluster of one topic with four partitions, whose sends are answered by the test. */
function fakeKafka(answer: (sent: ProducerRecord) => Promise<void>) {
  const sends: ProducerRecord[] = [];
  const producers: { connected: boolean }[] = [];
  const kafka = {
    admin: () => ({
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      fetchTopicMetadata: () =>
        Promise.resolve({ topics: [{ name: "weather", partitions: [{}, {}, {}, {}] }] }),
    }),
    producer: () => {
      const producer = { connected: false };
      producers.push(producer);
      return {
        connect: () => Promise.resolve(void (producer.connected = true)),
        disconnect: () => Promise.resolve(void (producer.connected = false)),
        send: async (sent: ProducerRecord) => {
          sends.push(sent);
          await answer(sent);
          return [];
        },
      };
    },
  };
  return { kafka: kafka as unknown as Kafka, sends, producers };
}

// Of Kafka's own test, UtilsTest.testMurmur2, by hash & 0x7fffffff modulo 1000.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
])("the partition of %j is Java's", (key, hash) => {
  expect(partitionForKey("weather", key, 1_000)).toBe((hash & 0x7fffffff) % 1_000);
});

test("the partition is kafkajs' own for many keys", () => {
  const partitioner = Partitioners.DefaultPartitioner();
  for (const partitions of [1, 3, 4, 12]) {
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));
    for (let i = 0; i < 500; i++) {
      const key = `Süd-${i}`;
      expect(partitionForKey("weather", key, partitions)).toBe(
        partitioner({ topic: "weather", partitionMetadata, message: { key, value: "" } }),
      );
    }
  }
});

test("batches keep the order and stay under a megabyte", () => {
  const records = Array.from({ length: 40 }, (_, i) => record(String(i), "x".repeat(100_000)));
  const batches = batchesOf(records);
  expect(batches.flat()).toEqual(records);
  expect(batches.length).toBe(5);
  for (const batch of batches) expect(JSON.stringify(batch).length).toBeLessThan(1_000_000);
  expect(batchesOf([record("a", "x".repeat(2_000_000)), record("b")]).map((batch) => batch.length)).toEqual([
    1, 1,
  ]);
  expect(batchesOf([])).toEqual([]);
});

test("a send names one partition, and the partitions go side by side", async () => {
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const { kafka, sends } = fakeKafka(() => gate);
  const sender = new Sender(kafka);
  const records = Array.from({ length: 400 }, (_, i) => record(`station-${i % 20}`));
  const sent = sender.send("weather", records);
  await turn();
  expect(sends.length).toBe(4);
  release();
  await sent;
  for (const { messages, acks } of sends) {
    expect(acks).toBe(-1);
    const partitions = new Set(messages.map(({ key }) => partitionForKey("weather", String(key), 4)));
    expect(partitions.size).toBe(1);
    expect(new Set(messages.map(({ partition }) => partition))).toEqual(partitions);
  }
  expect(sends.flatMap(({ messages }) => messages).length).toBe(400);
});

test("within a partition a send begins when the one before has ended", async () => {
  const releases: (() => void)[] = [];
  const { kafka, sends } = fakeKafka(() => new Promise((resolve) => releases.push(resolve)));
  const sender = new Sender(kafka);
  const first = sender.send("weather", [record("a", "1")]);
  const second = sender.send("weather", [record("a", "2")]);
  await turn();
  expect(sends.length).toBe(1);
  releases[0]?.();
  await first;
  await turn();
  expect(sends.map(({ messages }) => messages[0]?.value)).toEqual(["1", "2"]);
  releases[1]?.();
  await second;
});

test("a failed send rejects, and the next one has a producer of its own", async () => {
  let fails = true;
  const { kafka, producers } = fakeKafka(() =>
    fails ? Promise.reject(new Error("no permission")) : Promise.resolve(),
  );
  const sender = new Sender(kafka);
  await expect(sender.send("weather", [record("a")])).rejects.toThrow("no permission");
  fails = false;
  await sender.send("weather", [record("a")]);
  await turn();
  expect(producers.map(({ connected }) => connected)).toEqual([false, true]);
  await sender.close();
  expect(producers.map(({ connected }) => connected)).toEqual([false, false]);
});
