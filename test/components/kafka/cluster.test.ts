import * as pulumi from "@pulumi/pulumi";
import { KafkaCluster, type KafkaClusterArgs } from "../../../components/kafka/cluster";
import { KafkaTopic } from "../../../components/kafka/topic";
import { type Declarations, declared, plain, valueOf } from "../declared";

const placement = { prefix: "weather-test", networks: ["weather-test"] };
const image = "apache/kafka:4.3.1";

/** Declares a cluster with a topic. */
async function cluster(args: Partial<KafkaClusterArgs> = {}): Promise<[Declarations, KafkaCluster]> {
  let made: KafkaCluster | undefined;
  const declarations = await declared(() => {
    made = new KafkaCluster("kafka", { placement, image, ...args });
    new KafkaTopic("weather", { cluster: made, name: "weather", partitions: 4 });
  });
  if (!made) throw new Error("no cluster");
  return [declarations, made];
}

/** A container's environment variables by name. */
function environmentOf(declarations: Declarations, label: string): Record<string, string> {
  const lines = plain(declarations.get(label).inputs["envs"]) as string[];
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

const brokers = [1, 2, 3].map((id) => ({ id, container: `Container kafka-kafka${id}-container` }));

test("each node is broker and controller, knows its own id and all the voters", async () => {
  const [declarations] = await cluster();
  expect(declarations.ofKind("Container")).toHaveLength(3);
  for (const { id, container } of brokers) {
    const environment = environmentOf(declarations, container);
    expect(environment).toMatchObject({
      KAFKA_NODE_ID: String(id),
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093,2@kafka2:9093,3@kafka3:9093",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "false",
      KAFKA_DEFAULT_REPLICATION_FACTOR: "3",
      KAFKA_MIN_INSYNC_REPLICAS: "2",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "3",
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "3",
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "2",
      KAFKA_LOG_RETENTION_MS: "604800000",
      KAFKA_LOG_DIRS: "/var/lib/kafka/data/logs",
      KAFKA_HEAP_OPTS: "-Xms512m -Xmx512m",
    });
    const voters = environment["KAFKA_CONTROLLER_QUORUM_VOTERS"]?.split(",") ?? [];
    expect(voters).toContain(`${environment["KAFKA_NODE_ID"]}@kafka${id}:9093`);
  }
});

test("client listeners are apart from CONTROLLER, which is neither advertised nor published", async () => {
  const [declarations] = await cluster();
  for (const { id, container } of brokers) {
    const hostPort = 9_092 + 10_000 * id;
    expect(environmentOf(declarations, container)).toMatchObject({
      KAFKA_LISTENERS: `INTERNAL://:9092,HOST://:${hostPort},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `INTERNAL://kafka${id}:9092,HOST://127.0.0.1:${hostPort}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_INTER_BROKER_LISTENER_NAME: "INTERNAL",
    });
    expect(declarations.get(container).inputs["ports"]).toEqual([
      { internal: hostPort, external: hostPort, ip: "127.0.0.1", protocol: "tcp" },
    ]);
  }
});

test("a broker has a volume of its own, time to hand over its leaders, a probe, and comes back by itself", async () => {
  const [declarations] = await cluster({ heapMiB: 256 });
  for (const { id, container } of brokers) {
    expect(declarations.get(`Volume kafka-kafka${id}-data`).inputs["name"]).toBe(
      `weather-test-kafka${id}-data`,
    );
    expect(declarations.get(container).inputs).toMatchObject({
      name: `weather-test-kafka${id}`,
      hostname: `weather-test-kafka${id}`,
      image,
      volumes: [
        { volumeName: `weather-test-kafka${id}-data`, containerPath: "/var/lib/kafka/data" },
        { containerPath: "/opt/kafka/config" },
      ],
      readOnly: true,
      networksAdvanced: [{ name: "weather-test", aliases: [`kafka${id}`] }],
      labels: [{ label: "pulumi-weather-pipeline.probe", value: "tcp:9092" }],
      ...{ memory: 768, memorySwap: 768 },
      ...{ stopTimeout: 30, destroyGraceSeconds: 30, restart: "unless-stopped" },
    });
  }
});

test("brokers go one after the other: each waits for the roll gate of the one before it", async () => {
  const [declarations] = await cluster();
  expect(declarations.get("Workload kafka-kafka1").dependencies).toEqual([]);
  for (const id of [2, 3]) {
    expect(declarations.get(`Workload kafka-kafka${id}`).dependencies).toEqual([
      `RollGate kafka-kafka${id - 1}-roll`,
    ]);
    expect(declarations.get(`Container kafka-kafka${id}-container`).parent).toBe(`Workload kafka-kafka${id}`);
  }
  for (const { id, container } of brokers) {
    const gate = declarations.get(`RollGate kafka-kafka${id}-roll`);
    expect(gate.dependencies).toContain(container);
    expect(gate.inputs).toMatchObject({
      addresses: ["127.0.0.1:19092", "127.0.0.1:29092", "127.0.0.1:39092"],
      incarnations: [`kafka-kafka${id}-container-id`],
      timeoutMs: 180_000,
    });
    expect(declarations.get("QuorumGate kafka-quorum").dependencies).toContain(container);
  }
  expect(declarations.get("QuorumGate kafka-quorum").inputs["incarnations"]).toHaveLength(3);
});

test("a topic waits for the quorum, uses the cluster's provider and its replication", async () => {
  const [declarations, made] = await cluster();
  const topic = declarations.get("Topic weather-topic");
  expect(topic.dependencies).toContain("QuorumGate kafka-quorum");
  expect(topic.provider).toBe("kafka kafka-provider");
  expect(topic.inputs).toMatchObject({ name: "weather", partitions: 4, replicationFactor: 3 });
  expect(topic.inputs["config"]).toMatchObject({ "min.insync.replicas": "2" });
  expect(declarations.get("kafka kafka-provider").inputs).toMatchObject({
    bootstrapServers: JSON.stringify(made.bootstrapServers),
    ...{ tlsEnabled: "false", skipTlsVerify: "false", timeout: "60", kafkaVersion: "4.0.0" },
  });
  for (const { container } of brokers)
    expect(declarations.isAfter("Topic weather-topic", container)).toBe(true);
});

test.each([true, false])("protect %s reaches every volume and topic, and nothing else", async (protect) => {
  const [declarations] = await cluster({ protect });
  const guarded = declarations.all.filter((one) => one.protect).map(({ label }) => label);
  expect(guarded).toEqual(
    protect
      ? expect.arrayContaining([
          ...brokers.map(({ id }) => `Volume kafka-kafka${id}-data`),
          "Topic weather-topic",
        ])
      : [],
  );
  expect(guarded).toHaveLength(protect ? 4 : 0);
});

test("a cluster's id is base64url of 22 characters and no secret", async () => {
  const [declarations, made] = await cluster();
  expect(await valueOf(made.clusterId)).toBe("A-__ABCDEFGHIJKLMNOPQw");
  expect(await valueOf(made.clusterId)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
  expect(await pulumi.isSecret(made.clusterId)).toBe(false);
  const ids = brokers.map(({ container }) => environmentOf(declarations, container)["CLUSTER_ID"]);
  expect(new Set(ids)).toEqual(new Set(["A-__ABCDEFGHIJKLMNOPQw"]));
});

test("one broker for learning: everything internal is replicated once", async () => {
  const [declarations, made] = await cluster({ brokers: 1, retention: "2 days", readyTimeout: "10 seconds" });
  expect(made.bootstrapServers).toEqual(["127.0.0.1:19092"]);
  expect(made.internalBootstrapServers).toEqual(["kafka1:9092"]);
  expect(environmentOf(declarations, "Container kafka-kafka1-container")).toMatchObject({
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093",
    KAFKA_DEFAULT_REPLICATION_FACTOR: "1",
    KAFKA_MIN_INSYNC_REPLICAS: "1",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_LOG_RETENTION_MS: "172800000",
  });
  expect(declarations.get("QuorumGate kafka-quorum").inputs["timeoutMs"]).toBe(10_000);
  expect(declarations.get("Topic weather-topic").inputs).toMatchObject({ replicationFactor: 1 });
});

test("published somewhere else, brokers advertise that address", async () => {
  const [declarations, made] = await cluster({ placement: { ...placement, publishAddress: "192.0.2.1" } });
  expect(made.bootstrapServers[0]).toBe("192.0.2.1:19092");
  const { KAFKA_ADVERTISED_LISTENERS } = environmentOf(declarations, "Container kafka-kafka1-container");
  expect(KAFKA_ADVERTISED_LISTENERS).toBe("INTERNAL://kafka1:9092,HOST://192.0.2.1:19092");
});

test("faults are thrown before anything but the component itself is declared", async () => {
  const declarations = await declared(() => {
    expect(() => new KafkaCluster("kafka", { placement, image, brokers: 2, replicationFactor: 3 })).toThrow(
      /KafkaCluster kafka .*\n {2}brokers: .*\n {2}replicationFactor: /,
    );
  });
  expect(declarations.all.map(({ label }) => label)).toEqual(["KafkaCluster kafka"]);
});

test("brokers beyond the controllers have no vote, no CONTROLLER listener, and change nothing for the others", async () => {
  const [five] = await cluster({ brokers: 5 });
  const [three] = await cluster();
  for (const { container } of brokers)
    expect(five.get(container).inputs).toEqual(three.get(container).inputs);
  for (const id of [4, 5]) {
    expect(environmentOf(five, `Container kafka-kafka${id}-container`)).toMatchObject({
      KAFKA_PROCESS_ROLES: "broker",
      KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093,2@kafka2:9093,3@kafka3:9093",
      KAFKA_LISTENERS: `INTERNAL://:9092,HOST://:${id}9092`,
    });
  }
});

test("on a Swarm each broker has a node of its own, advertises its address, and is alive before the quorum is", async () => {
  const nodes = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
  const [declarations, made] = await cluster({
    placement: { kind: "swarm", prefix: "weather-test", networks: ["overlay-id"], nodes },
  });
  expect(made.bootstrapServers).toEqual(["192.0.2.1:19092", "192.0.2.2:29092", "192.0.2.3:39092"]);
  expect(declarations.ofKind("Volume")).toEqual([]);
  for (const [index, address] of nodes.entries()) {
    const id = index + 1;
    expect(plain(declarations.get(`Service kafka-kafka${id}-service`).inputs)).toMatchObject({
      taskSpec: {
        containerSpec: {
          env: {
            KAFKA_ADVERTISED_LISTENERS: `INTERNAL://kafka${id}:9092,HOST://${address}:${id}9092`,
          },
          readOnly: true,
          mounts: [
            { type: "volume", source: `weather-test-kafka${id}-data`, target: "/var/lib/kafka/data" },
            { type: "volume", target: "/opt/kafka/config" },
            { type: "tmpfs", target: "/tmp" },
          ],
          healthcheck: { tests: ["CMD", "bash", "-c", expect.stringContaining("/9093")] },
        },
        placement: { constraints: [`node.labels.weather.node==${id}`] },
      },
    });
  }
  expect(declarations.isAfter("Service kafka-kafka2-service", "RollGate kafka-kafka1-roll")).toBe(true);
  expect(declarations.isAfter("RollGate kafka-kafka1-roll", "Service kafka-kafka1-service")).toBe(true);
});
