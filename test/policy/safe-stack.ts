import { type PlannedResource } from "../../policy/evaluate";

/** What Pulumi puts in the place of a value that isn't known yet. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

type Props = Record<string, unknown>;

export function resource(
  type: string,
  name: string,
  props: Props,
  opts: PlannedResource["opts"] = {},
): PlannedResource {
  return { urn: `urn:pulumi:test::weather::${type}::${name}`, type, name, props, opts };
}

export const brokerEnvironment = {
  CLUSTER_ID: "Qm9yaW5nQnV0T3duSWQxMg",
  KAFKA_NODE_ID: "1",
  KAFKA_PROCESS_ROLES: "broker,controller",
  KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093,2@kafka2:9093,3@kafka3:9093",
  KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
  KAFKA_INTER_BROKER_LISTENER_NAME: "INTERNAL",
  KAFKA_LISTENERS: "INTERNAL://:9092,HOST://:19092,CONTROLLER://:9093",
  KAFKA_ADVERTISED_LISTENERS: "INTERNAL://kafka1:9092,HOST://127.0.0.1:19092",
  KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SSL,HOST:SSL,CONTROLLER:SSL",
  KAFKA_SSL_CLIENT_AUTH: "required",
  KAFKA_AUTHORIZER_CLASS_NAME: "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  KAFKA_SUPER_USERS: "User:broker;User:deployer",
  KAFKA_LOG_DIRS: "/var/lib/kafka/data/logs",
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
  KAFKA_DEFAULT_REPLICATION_FACTOR: "3",
  KAFKA_MIN_INSYNC_REPLICAS: "2",
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "3",
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "3",
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "2",
  KAFKA_HEAP_OPTS: "-Xms512m -Xmx512m",
};

export function list(environment: Record<string, string | undefined>): string[] {
  return Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}

/** The same environment as an image of Bitnami's kind reads it. */
export function bitnami(environment: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name === "CLUSTER_ID" ? "KAFKA_CLUSTER_ID" : name.replace(/^KAFKA_/, "KAFKA_CFG_"),
      value,
    ]),
  );
}

const running = {
  memory: 1024,
  memorySwap: 1024,
  restart: "unless-stopped",
  readOnly: true,
  capabilities: { drops: ["ALL"] },
  healthcheck: { tests: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"] },
};

export function broker(
  environment: Record<string, string | undefined> = {},
  props: Props = {},
): PlannedResource {
  return resource("docker:index/container:Container", "kafka1", {
    ...running,
    image: "apache/kafka:4.3.1",
    envs: list({ ...brokerEnvironment, ...environment }),
    ports: [{ internal: 19092, external: 19092, ip: "127.0.0.1" }],
    volumes: [{ volumeName: "weather-kafka1-data", containerPath: "/var/lib/kafka/data" }],
    uploads: [{ file: "/etc/kafka/secrets/broker.pem", content: "-----BEGIN PRIVATE KEY-----" }],
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "tcp:9092" }],
    ...props,
  });
}

export function brokerService(
  environment: Record<string, string | undefined> = {},
  { container = {}, task = {}, props = {} }: { container?: Props; task?: Props; props?: Props } = {},
): PlannedResource {
  return resource("docker:index/service:Service", "kafka1", {
    taskSpec: {
      containerSpec: {
        image: "apache/kafka:4.3.1",
        env: { ...brokerEnvironment, ...environment },
        readOnly: true,
        capDrops: ["ALL"],
        mounts: [{ type: "volume", source: "kafka1-data", target: "/var/lib/kafka/data" }],
        healthcheck: { tests: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"] },
        ...container,
      },
      resources: { limits: { memoryBytes: 1_073_741_824 } },
      ...task,
    },
    ...props,
  });
}

export function topic(props: Props = {}, opts: PlannedResource["opts"] = { protect: true }): PlannedResource {
  return resource(
    "kafka:index/topic:Topic",
    "weather",
    {
      name: "weather",
      partitions: 4,
      replicationFactor: 3,
      config: { "min.insync.replicas": "2", "retention.ms": "604800000" },
      ...props,
    },
    opts,
  );
}

export function container(props: Props = {}): PlannedResource {
  return resource("docker:index/container:Container", "app", {
    ...running,
    image: "weather/producer:3f2a9c1b",
    ...props,
  });
}

export function influxServer(
  environment: Record<string, string | undefined> = {},
  props: Props = {},
): PlannedResource {
  return resource("docker:index/container:Container", "influxdb", {
    ...running,
    image: "influxdb:2.9.1",
    envs: list({
      DOCKER_INFLUXDB_INIT_MODE: "setup",
      DOCKER_INFLUXDB_INIT_USERNAME: "admin",
      DOCKER_INFLUXDB_INIT_PASSWORD_FILE: "/run/secrets/influxdb-password",
      DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE: "/run/secrets/influxdb-operator-token",
      DOCKER_INFLUXDB_INIT_ORG: "myorg",
      DOCKER_INFLUXDB_INIT_BUCKET: "weather",
      DOCKER_INFLUXDB_INIT_RETENTION: "2592000s",
      INFLUXD_TLS_CERT: "/etc/influxdb/tls.crt",
      INFLUXD_TLS_KEY: "/etc/influxdb/tls.key",
      ...environment,
    }),
    uploads: [
      { file: "/run/secrets/influxdb-password", content: "Zq8vN2mXw4KdR7tB" },
      { file: "/run/secrets/influxdb-operator-token", content: "operator-9f8e7d6c5b4a" },
    ],
    ports: [{ internal: 8086, external: 8086, ip: "127.0.0.1" }],
    ...props,
  });
}

const connection = { url: "https://127.0.0.1:8086", token: "operator-9f8e7d6c5b4a", org: "myorg" };

export function influx(kind: string, props: Props = {}): PlannedResource {
  return resource(`pulumi-nodejs:dynamic/influxdb:${kind}`, kind.toLowerCase(), { connection, ...props });
}

export const bucket = (props: Props = {}) =>
  influx("Bucket", { name: "weather", retention: "30 days", ...props });
export const token = (permissions: unknown = [{ action: "read", bucket: "0123456789abcdef" }]) =>
  influx("Token", { description: "producer: reads weather", permissions });
export const provider = (props: Props = {}) =>
  resource("pulumi:providers:kafka", "kafka", {
    bootstrapServers: '["127.0.0.1:19092"]',
    tlsEnabled: "true",
    ...props,
  });
export const acl = (props: Props = {}) =>
  resource("kafka:index/acl:Acl", "producer-write-topic-weather", {
    aclPrincipal: "User:producer",
    aclHost: "*",
    aclPermissionType: "Allow",
    aclOperation: "Write",
    aclResourceType: "Topic",
    aclResourceName: "weather",
    resourcePatternTypeFilter: "Literal",
    ...props,
  });
export const image = (name: unknown) =>
  resource("docker:index/remoteImage:RemoteImage", "kafka-image", { name });
export const kafdrop = () =>
  container({
    image: "obsidiandynamics/kafdrop:4.3.0",
    envs: [
      "KAFKA_BROKERCONNECT=kafka1:9092",
      "KAFKA_PROPERTIES_FILE=/run/secrets/kafka.properties",
      "JVM_OPTS=-Xmx128m",
    ],
    command: ["--topic.deleteEnabled=false"],
    ports: [{ internal: 9000, external: 9000, ip: "127.0.0.1" }],
  });

/** A stack against which no policy has anything, in any environment. */
export function safeStack(): PlannedResource[] {
  return [
    image("apache/kafka:4.3.1"),
    broker(),
    provider(),
    topic(),
    acl(),
    kafdrop(),
    influxServer(),
    bucket(),
    token(),
    influx("ThresholdCheck", { name: "too-hot" }),
    influx("DeadmanCheck", { name: "silence" }),
  ];
}
