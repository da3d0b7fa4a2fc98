import { hostPorts, kafkaClusterFaults, replicationFaults } from "../../../components/kafka/cluster";
import { topicConfig, topicFaults, type TopicSettings } from "../../../components/kafka/topic";

type ClusterSettings = Parameters<typeof kafkaClusterFaults>[0];

const trio = { brokers: 3, replicationFactor: 3, minInsyncReplicas: 2 };
const weather: TopicSettings = { name: "weather" };

test.each<ClusterSettings>([
  {},
  { brokers: 1 },
  { brokers: 4 },
  { brokers: 5 },
  { brokers: 5, controllers: 5 },
  { brokers: 1, replicationFactor: 1, minInsyncReplicas: 1 },
  { brokers: 5, replicationFactor: 5, minInsyncReplicas: 3 },
  { replicationFactor: 2, minInsyncReplicas: 1 },
  { retention: "1 hour", retentionBytes: 1_048_576, heapMiB: 128, memoryMiB: 256 },
  { brokers: 1, firstHostPort: 65_535 },
])("the cluster %j is fine", (args) => {
  expect(kafkaClusterFaults(args)).toEqual([]);
});

test.each<[ClusterSettings, string[]]>([
  [{ brokers: 2 }, ["brokers"]],
  [{ brokers: 6 }, ["brokers"]],
  [{ controllers: 2 }, ["controllers"]],
  [{ brokers: 4, controllers: 5 }, ["controllers"]],
  [{ brokers: 2, controllers: 4 }, ["brokers", "controllers"]],
  [{ brokers: 7 }, ["brokers"]],
  [{ brokers: 0 }, ["brokers"]],
  [{ brokers: -1 }, ["brokers"]],
  [{ brokers: 1.5 }, ["brokers"]],
  [{ brokers: NaN }, ["brokers"]],
  [{ brokers: 2, replicationFactor: 3 }, ["brokers", "replicationFactor"]],
  [{ replicationFactor: 4 }, ["replicationFactor"]],
  [{ replicationFactor: 0, minInsyncReplicas: 0 }, ["replicationFactor", "minInsyncReplicas"]],
  [{ replicationFactor: 2.5 }, ["replicationFactor"]],
  [{ replicationFactor: 2 }, ["minInsyncReplicas"]],
  [{ minInsyncReplicas: 4 }, ["minInsyncReplicas"]],
  [{ minInsyncReplicas: 3 }, ["minInsyncReplicas"]],
  [{ minInsyncReplicas: 0 }, ["minInsyncReplicas"]],
  [{ retention: "0 days" }, ["retention"]],
  [{ retentionBytes: 1_048_575 }, ["retentionBytes"]],
  [{ retentionBytes: 1_048_576.5 }, ["retentionBytes"]],
  [{ heapMiB: 127 }, ["heapMiB"]],
  [{ heapMiB: 512, memoryMiB: 639 }, ["memoryMiB"]],
  [{ firstHostPort: 45_536 }, ["firstHostPort"]],
  [{ firstHostPort: 9_093 }, ["firstHostPort"]],
  [{ firstHostPort: 65_536 }, ["firstHostPort"]],
  [
    {
      brokers: 2,
      replicationFactor: 3,
      minInsyncReplicas: 4,
      retention: "7d" as "7 days",
      retentionBytes: 1,
      heapMiB: 1,
    },
    ["brokers", "replicationFactor", "minInsyncReplicas", "retention", "retentionBytes", "heapMiB"],
  ],
])("the cluster %j is refused at %j", (args, paths) => {
  expect(kafkaClusterFaults(args).map(({ propertyPath }) => propertyPath)).toEqual(paths);
});

test("ports on the machine are 10000 apart", () => {
  expect(hostPorts({})).toEqual([19_092, 29_092, 39_092]);
  expect(hostPorts({ brokers: 1, firstHostPort: 20_000 })).toEqual([20_000]);
});

test.each<[replicationFactor: number, minInsyncReplicas: number, brokers: number, reasons: RegExp[]]>([
  [3, 2, 3, []],
  [1, 1, 1, []],
  [3, 1, 5, []],
  [4, 2, 3, [/from 1 to the number of brokers \(3\), not 4/]],
  [3, 4, 3, [/from 1 to the replication factor \(3\), not 4: more could never be in sync/]],
  [3, 3, 3, [/below the replication factor \(3\), or the loss of one broker stops all writes/]],
  [4, 5, 3, [/number of brokers \(3\), not 4/, /replication factor \(4\), not 5/]],
])("RF %d with min ISR %d on %d brokers", (replicationFactor, minInsyncReplicas, brokers, reasons) => {
  expect(
    replicationFaults({ replicationFactor, minInsyncReplicas }, brokers).map(({ reason }) => reason),
  ).toEqual(reasons.map((reason): unknown => expect.stringMatching(reason)));
});

test.each<Partial<TopicSettings>>([
  {},
  { partitions: 1, replicationFactor: 2, minInsyncReplicas: 1 },
  { cleanup: { policy: "delete", retention: "1 hour", retentionBytes: 1_048_576 } },
  { cleanup: { policy: "compact", minCompactionLag: "1 minute" } },
  { maxMessageBytes: 1_024, compression: "zstd" },
  { name: "a".repeat(249) },
])("the topic %j is fine", (change) => {
  expect(topicFaults({ ...weather, ...change }, trio)).toEqual([]);
});

test.each<[Partial<TopicSettings>, string[]]>([
  [{ name: "" }, ["name"]],
  [{ name: "weather.raw" }, ["name"]],
  [{ name: "météo" }, ["name"]],
  [{ name: "a".repeat(250) }, ["name"]],
  [{ partitions: 0 }, ["partitions"]],
  [{ partitions: 1.5 }, ["partitions"]],
  [{ replicationFactor: 4 }, ["replicationFactor"]],
  [{ minInsyncReplicas: 3 }, ["minInsyncReplicas"]],
  [{ replicationFactor: 1 }, ["minInsyncReplicas"]],
  [{ cleanup: { policy: "delete", retention: "7" as "7 days" } }, ["cleanup.retention"]],
  [{ cleanup: { policy: "delete", retentionBytes: 1 } }, ["cleanup.retentionBytes"]],
  [{ cleanup: { policy: "compact", minCompactionLag: "soon" as "1 day" } }, ["cleanup.minCompactionLag"]],
  [{ maxMessageBytes: 1_023 }, ["maxMessageBytes"]],
  [
    { name: "a b", partitions: -1, replicationFactor: 9, minInsyncReplicas: 10, maxMessageBytes: 0.5 },
    ["name", "partitions", "replicationFactor", "minInsyncReplicas", "maxMessageBytes"],
  ],
])("the topic %j is refused at %j", (change, paths) => {
  expect(topicFaults({ ...weather, ...change }, trio).map(({ propertyPath }) => propertyPath)).toEqual(paths);
});

test("a topic that doesn't say takes the cluster's replication, and is refused where that can't be", () => {
  expect(topicFaults(weather, { brokers: 1, replicationFactor: 1, minInsyncReplicas: 1 })).toEqual([]);
  expect(
    topicFaults(
      { ...weather, replicationFactor: 3 },
      { brokers: 1, replicationFactor: 1, minInsyncReplicas: 1 },
    ),
  ).toEqual([{ propertyPath: "replicationFactor", reason: expect.stringContaining("(1), not 3") }]);
});

test("a topic's configuration is written out, in Kafka's units", () => {
  expect(topicConfig(weather, 2)).toEqual({
    "cleanup.policy": "delete",
    "min.insync.replicas": "2",
    "compression.type": "producer",
    "max.message.bytes": "1048588",
    "retention.ms": "604800000",
  });
  expect(
    topicConfig(
      {
        ...weather,
        cleanup: { policy: "delete", retention: "2 days", retentionBytes: 2_000_000 },
        compression: "lz4",
      },
      1,
    ),
  ).toMatchObject({ "retention.ms": "172800000", "retention.bytes": "2000000", "compression.type": "lz4" });
});

test("a compacted topic has no retention", () => {
  expect(
    topicConfig({ ...weather, cleanup: { policy: "compact", minCompactionLag: "1 minute" } }, 2),
  ).toEqual({
    "cleanup.policy": "compact",
    "min.insync.replicas": "2",
    "compression.type": "producer",
    "max.message.bytes": "1048588",
    "min.compaction.lag.ms": "60000",
  });
  expect(topicConfig({ ...weather, cleanup: { policy: "compact" } }, 2)).not.toHaveProperty(
    "min.compaction.lag.ms",
  );
});
