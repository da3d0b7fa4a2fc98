/** Shows the fault of kafkajs 2.2.4 that Sender exists for (tulios/kafkajs#1303), in the library's own code and without a server. */
import { type Kafka, type ProducerRecord } from "kafkajs";
import { partitionForKey, Sender } from "../../../apps/shared/sender";

interface TopicData {
  topic: string;
  partitions: { partition: number; messages: { key: string }[] }[];
}
type SendMessages = (
  options: object,
) => (request: {
  acks: number;
  timeout: number;
  topicMessages: { topic: string; messages: ProducerRecord["messages"] }[];
}) => Promise<unknown>;

const loaded = (path: string): unknown => jest.requireActual(`kafkajs/src/${path}`);
const sendMessages = loaded("producer/sendMessages") as SendMessages;
const createRetry = loaded("retry") as (options: object) => unknown;
const { KafkaJSProtocolError } = loaded("errors") as { KafkaJSProtocolError: new (error: object) => Error };

const keys = Array.from({ length: 20 }, (_, i) => `station-${i}`);

/**
 * Two brokers, each with one of two partitions. Broker 1 answers; broker 2 says it leads its partition no more, and the metadata
 * asked for then says that broker 1 does.
 */
function twoBrokers() {
  const written = new Set<string>();
  const leaders = [1, 2];
  const brokers = [1, 2].map((nodeId) => ({
    nodeId,
    produce: ({ topicData }: { topicData: TopicData[] }) => {
      const partitions = topicData.flatMap((data) => data.partitions);
      if (partitions.some(({ partition }) => leaders[partition] !== nodeId) || nodeId === 2) {
        leaders[1] = 1;
        return Promise.reject(
          new KafkaJSProtocolError({
            type: "NOT_LEADER_FOR_PARTITION",
            message: "This server is not the leader for that topic-partition",
            code: 6,
            retriable: true,
          }),
        );
      }
      for (const { messages } of partitions) for (const { key } of messages) written.add(key);
      return Promise.resolve({ topics: [] });
    },
  }));
  const cluster = {
    targetTopics: new Set(["weather"]),
    addMultipleTargetTopics: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    refreshMetadata: () => Promise.resolve(),
    isConnected: () => true,
    findTopicPartitionMetadata: () =>
      [0, 1].map((partitionId) => ({ partitionId, leader: leaders[partitionId] })),
    findLeaderForPartitions: (_: string, partitions: string[]) => {
      const byLeader: Record<number, number[]> = {};
      for (const partition of partitions.map(Number))
        (byLeader[leaders[partition] ?? 0] ??= []).push(partition);
      return byLeader;
    },
    findBroker: ({ nodeId }: { nodeId: string }) =>
      Promise.resolve(brokers.find((broker) => broker.nodeId === Number(nodeId))),
  };
  const quiet = () => undefined;
  const eosManager = {
    acquireBrokerLock: () => Promise.resolve(),
    releaseBrokerLock: () => Promise.resolve(),
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: quiet,
    getProducerId: () => 0,
    getProducerEpoch: () => 0,
  };
  const send = sendMessages({
    logger: { debug: quiet, error: quiet },
    cluster,
    eosManager,
    retrier: createRetry({ initialRetryTime: 1, retries: 3 }),
    partitioner: ({ topic, message }: { topic: string; message: { key: string; partition?: number } }) =>
      message.partition ?? partitionForKey(topic, message.key, 2),
  });
  return {
    written,
    send: ({ topic, messages }: ProducerRecord) =>
      send({ acks: -1, timeout: 1, topicMessages: [{ topic, messages }] }),
  };
}

test("kafkajs resolves a send across partitions though the messages of a partition that moved were never sent", async () => {
  const { written, send } = twoBrokers();
  await send({ topic: "weather", messages: keys.map((key) => ({ key, value: "v" })) });
  const lost = keys.filter((key) => !written.has(key));
  expect(lost).toEqual(keys.filter((key) => partitionForKey("weather", key, 2) === 1));
  expect(lost.length).toBeGreaterThan(0);
});

test("the Sender's sends, over the same code and the same move, lose nothing", async () => {
  const { written, send } = twoBrokers();
  const producer = { connect: () => Promise.resolve(), disconnect: () => Promise.resolve(), send };
  const admin = {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    fetchTopicMetadata: () => Promise.resolve({ topics: [{ name: "weather", partitions: [{}, {}] }] }),
  };
  const sender = new Sender({ producer: () => producer, admin: () => admin } as unknown as Kafka);
  await sender.send(
    "weather",
    keys.map((key) => ({ key, value: "v", headers: {} })),
  );
  expect([...written].sort()).toEqual([...keys].sort());
});
