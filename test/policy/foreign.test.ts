import { evaluate } from "../../policy/evaluate";
import { list, resource } from "./safe-stack";

/** What a tutorial's docker-compose.yml of the Bitnami kind becomes in a program without components. */
const foreignProgram = () => [
  resource("docker:index/container:Container", "kafka", {
    image: "bitnami/kafka:latest",
    envs: list({
      KAFKA_CFG_NODE_ID: "0",
      KAFKA_CFG_PROCESS_ROLES: "controller,broker",
      KAFKA_CFG_LISTENERS: "PLAINTEXT://:9092,CONTROLLER://:9093,EXTERNAL://:9094",
      KAFKA_CFG_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094",
      KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP: "CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      KAFKA_CFG_CONTROLLER_QUORUM_VOTERS: "0@kafka:9093",
      KAFKA_CFG_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: "true",
      ALLOW_PLAINTEXT_LISTENER: "yes",
      KAFKA_KRAFT_CLUSTER_ID: "abcdefghijklmnopqrstuv",
    }),
    ports: [
      { internal: 9092, external: 9092 },
      { internal: 9093, external: 9093 },
      { internal: 9094, external: 9094, ip: "127.0.0.1" },
    ],
    volumes: [{ volumeName: "kafka_data", containerPath: "/bitnami/kafka" }],
  }),
  resource("docker:index/container:Container", "init-topics", {
    image: "bitnami/kafka:4.0.0",
    command: [
      "/bin/bash",
      "-c",
      "kafka-topics.sh --create --if-not-exists --topic test --bootstrap-server kafka:9092",
    ],
    memory: 256,
    mustRun: false,
  }),
  resource("docker:index/container:Container", "kafka-ui", {
    image: "provectuslabs/kafka-ui:v0.7.2",
    envs: ["KAFKA_CLUSTERS_0_NAME=local", "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS=kafka:9092"],
    ports: [{ internal: 8080, external: 8080, ip: "127.0.0.1" }],
    memory: 512,
    restart: "always",
    healthcheck: { tests: ["CMD-SHELL", "wget -q --spider http://127.0.0.1:8080/actuator/health"] },
  }),
  resource("docker:index/container:Container", "influxdb", {
    image: "influxdb:2.7",
    envs: [
      "DOCKER_INFLUXDB_INIT_MODE=setup",
      "DOCKER_INFLUXDB_INIT_USERNAME=admin",
      "DOCKER_INFLUXDB_INIT_PASSWORD=adminpass",
      "DOCKER_INFLUXDB_INIT_ORG=myorg",
      "DOCKER_INFLUXDB_INIT_BUCKET=weather",
      "DOCKER_INFLUXDB_INIT_ADMIN_TOKEN=mytoken",
    ],
    ports: [{ internal: 8086, external: 8086 }],
    restart: "always",
  }),
  resource("kafka:index/topic:Topic", "topic", {
    name: "test",
    partitions: 1,
    replicationFactor: 1,
    config: {},
  }),
];

test("a foreign program gets every violation it deserves, and no other", () => {
  const found: Record<string, string[]> = {};
  for (const { name, policy } of evaluate(foreignProgram())) (found[name] ??= []).push(policy);
  for (const policies of Object.values(found)) policies.sort();
  expect(found).toEqual({
    "init-topics": ["capabilities-dropped", "read-only-root"],
    "kafka-ui": ["capabilities-dropped", "read-only-root"],
    kafka: [
      "capabilities-dropped",
      "health-probe",
      "image-pinned",
      "kafka-auto-create-off",
      "kafka-controller-private",
      "kafka-min-isr",
      "kafka-min-isr",
      "kafka-own-cluster-id",
      "kafka-replication",
      "kafka-replication",
      "kafka-replication",
      "kafka-voters",
      "memory-limit",
      "network-loopback-only",
      "network-loopback-only",
      "read-only-root",
      "restart-policy",
    ],
    influxdb: [
      "capabilities-dropped",
      "health-probe",
      "influxdb-bucket-retention",
      "influxdb-checks",
      "influxdb-checks",
      "memory-limit",
      "network-loopback-only",
      "no-default-credentials",
      "no-default-credentials",
      "read-only-root",
      "secrets-not-in-plain-text",
      "secrets-not-in-plain-text",
    ],
    topic: ["kafka-topic-name", "kafka-topic-partitions", "kafka-topic-replication", "kafka-topic-retention"],
  });
});

test("the same with production's demands adds what production demands", () => {
  const config = { "network-tls": { required: true }, "kafka-topic-protected": { required: true } };
  const more = evaluate(foreignProgram(), config).filter(({ policy }) => policy in config);
  expect(more.map(({ name, policy }) => `${name} ${policy}`).sort()).toEqual([
    "influxdb network-tls",
    "influxdb network-tls",
    "kafka network-tls",
    "topic kafka-topic-protected",
  ]);
});
