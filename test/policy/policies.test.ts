import { type PolicyConfig } from "../../policy/environment";
import { evaluate, type PlannedResource } from "../../policy/evaluate";
import { all } from "../../policy/policies";
import {
  acl,
  bitnami,
  broker,
  brokerEnvironment,
  brokerService,
  bucket,
  container,
  image,
  influx,
  influxServer,
  kafdrop,
  list,
  provider,
  resource,
  safeStack,
  token,
  topic,
} from "./safe-stack";

type Case = [policy: string, what: string, resources: PlannedResource[], config?: PolicyConfig];

/** Everything that an environment may ask for. */
const strict: PolicyConfig = {
  "kafka-topic-protected": { required: true },
  "network-tls": { required: true },
  "kafka-authorizer": { required: true },
};
const withDigest: PolicyConfig = { "image-digest": { required: true } };
/** Fewer replicas than 3 leave min ISR 2 no room either: switched off where replication alone is looked at. */
const replicationAlone: PolicyConfig = { "kafka-min-isr": "disabled" };
const tlsOnly: PolicyConfig = { "network-tls": { required: true } };
const digest = `sha256:${"a".repeat(64)}`;

function policiesAgainst(resources: PlannedResource[], config: PolicyConfig = strict): string[] {
  return [...new Set(evaluate(resources, config).map(({ policy }) => policy))];
}

const env = (...entries: string[]) => container({ envs: entries });
const cfg = (environment: Record<string, string | undefined>) =>
  broker(
    {},
    { envs: list(bitnami({ ...brokerEnvironment, ...environment })), image: "bitnamilegacy/kafka:4.0.0" },
  );

const refused: Case[] = [
  ["kafka-authorizer", "absent", [broker({ KAFKA_AUTHORIZER_CLASS_NAME: undefined })]],
  ["kafka-authorizer", "absent in a service", [brokerService({ KAFKA_AUTHORIZER_CLASS_NAME: undefined })]],
  [
    "kafka-authorizer",
    "everyone where no ACL is",
    [broker({ KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: "true" })],
  ],
  ["kafka-authorizer", "everybody a super user", [broker({ KAFKA_SUPER_USERS: "User:kafka1;User:*" })]],
  [
    "kafka-authorizer",
    "anonymous a super user",
    [broker({ KAFKA_SUPER_USERS: "User:ANONYMOUS;User:kafka1" })],
  ],
  ["kafka-authorizer", "no certificate asked for", [broker({ KAFKA_SSL_CLIENT_AUTH: undefined })]],
  ["kafka-authorizer", "a certificate wished for", [broker({ KAFKA_SSL_CLIENT_AUTH: "requested" })]],
  ["kafka-no-wildcard-acl", "every topic", [acl({ aclResourceName: "*" })]],
  ["kafka-no-wildcard-acl", "every principal", [acl({ aclPrincipal: "User:*" })]],
  ["kafka-no-wildcard-acl", "every operation", [acl({ aclOperation: "All" })]],
  [
    "kafka-no-wildcard-acl",
    "every name by an empty prefix",
    [acl({ aclResourceName: "", resourcePatternTypeFilter: "Prefixed" })],
  ],
  ["kafka-auto-create-off", "on", [broker({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true" })]],
  ["kafka-auto-create-off", "absent", [broker({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: undefined })]],
  ["kafka-auto-create-off", "on in a service", [brokerService({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true" })]],
  ["kafka-auto-create-off", "on under KAFKA_CFG_", [cfg({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true" })]],
  ["kafka-auto-create-off", "absent under KAFKA_CFG_", [cfg({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: undefined })]],
  [
    "kafka-auto-create-off",
    "off under the prefix that the image doesn't read",
    [broker({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: undefined, KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE: "false" })],
  ],
  [
    "kafka-replication",
    "default of 2",
    [broker({ KAFKA_DEFAULT_REPLICATION_FACTOR: "2" })],
    replicationAlone,
  ],
  [
    "kafka-replication",
    "default absent",
    [broker({ KAFKA_DEFAULT_REPLICATION_FACTOR: undefined })],
    replicationAlone,
  ],
  ["kafka-replication", "offsets of 1", [broker({ KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1" })]],
  [
    "kafka-replication",
    "offsets absent under KAFKA_CFG_",
    [cfg({ KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: undefined })],
  ],
  [
    "kafka-replication",
    "transactions of 1",
    [broker({ KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1" })],
    replicationAlone,
  ],
  [
    "kafka-replication",
    "share groups of 1",
    [broker({ KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: "1" })],
  ],
  ["kafka-replication", "no number", [broker({ KAFKA_DEFAULT_REPLICATION_FACTOR: "three" })]],
  ["kafka-min-isr", "1", [broker({ KAFKA_MIN_INSYNC_REPLICAS: "1" })]],
  ["kafka-min-isr", "absent", [broker({ KAFKA_MIN_INSYNC_REPLICAS: undefined })]],
  ["kafka-min-isr", "as many as replicas", [broker({ KAFKA_MIN_INSYNC_REPLICAS: "3" })]],
  ["kafka-min-isr", "more than replicas", [brokerService({ KAFKA_MIN_INSYNC_REPLICAS: "4" })]],
  ["kafka-min-isr", "transactions of 1", [broker({ KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1" })]],
  ["kafka-unclean-election-off", "on", [broker({ KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "true" })]],
  [
    "kafka-unclean-election-off",
    "on under KAFKA_CFG_",
    [cfg({ KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "TRUE" })],
  ],
  ["kafka-voters", "one", [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093" })]],
  ["kafka-voters", "two", [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093,2@kafka2:9093" })]],
  [
    "kafka-voters",
    "four",
    [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@a:9093,2@b:9093,3@c:9093,4@d:9093" })],
  ],
  [
    "kafka-voters",
    "one of them twice",
    [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@a:9093,2@b:9093,2@c:9093" })],
  ],
  ["kafka-voters", "absent", [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: undefined })]],
  ["kafka-node-id-among-voters", "another id", [broker({ KAFKA_NODE_ID: "4" })]],
  ["kafka-node-id-among-voters", "absent", [brokerService({ KAFKA_NODE_ID: undefined })]],
  [
    "kafka-controller-private",
    "advertised",
    [broker({ KAFKA_ADVERTISED_LISTENERS: "INTERNAL://kafka1:9092,CONTROLLER://kafka1:9093" })],
  ],
  [
    "kafka-controller-private",
    "published, be it on loopback",
    [broker({}, { ports: [{ internal: 9093, external: 9093, ip: "127.0.0.1" }] })],
  ],
  [
    "kafka-controller-private",
    "published under a name and port of its own",
    [
      broker(
        {
          KAFKA_CONTROLLER_LISTENER_NAMES: "QUORUM",
          KAFKA_LISTENERS: "INTERNAL://:9092,QUORUM://:7000",
          KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SSL,HOST:SSL,QUORUM:SSL",
        },
        { ports: [{ internal: 7000, external: 7000, ip: "127.0.0.1" }] },
      ),
    ],
  ],
  ["kafka-log-dir-on-volume", "no volume", [broker({}, { volumes: [] })]],
  [
    "kafka-log-dir-on-volume",
    "an anonymous volume",
    [broker({}, { volumes: [{ containerPath: "/var/lib/kafka/data" }] })],
  ],
  ["kafka-log-dir-on-volume", "beside the volume", [broker({ KAFKA_LOG_DIRS: "/var/lib/kafka/data2" })]],
  [
    "kafka-log-dir-on-volume",
    "one of two beside it",
    [broker({ KAFKA_LOG_DIRS: "/var/lib/kafka/data/a,/tmp/b" })],
  ],
  ["kafka-log-dir-on-volume", "absent", [broker({ KAFKA_LOG_DIRS: undefined })]],
  [
    "kafka-log-dir-on-volume",
    "in memory",
    [brokerService({}, { container: { mounts: [{ type: "tmpfs", target: "/var/lib/kafka/data" }] } })],
  ],
  ["kafka-own-cluster-id", "the image's constant", [broker({ CLUSTER_ID: "5L6g3nShT-eMCtK--X86sw" })]],
  ["kafka-own-cluster-id", "absent", [broker({ CLUSTER_ID: undefined })]],
  ["kafka-own-cluster-id", "no id", [broker({ CLUSTER_ID: "weather" })]],
  ...["test", "topic1", "data", "Weather", "weather_telegraf", "my-topic-2", "weather.", ""].map(
    (name): Case => ["kafka-topic-name", JSON.stringify(name), [topic({ name })]],
  ),
  ["kafka-topic-name", "absent", [topic({ name: undefined })]],
  ["kafka-topic-replication", "2", [topic({ replicationFactor: 2, config: { "retention.ms": "1000" } })]],
  [
    "kafka-topic-replication",
    "min ISR 1",
    [topic({ config: { "min.insync.replicas": "1", "retention.ms": "1000" } })],
  ],
  [
    "kafka-topic-replication",
    "min ISR 3 of 3",
    [topic({ config: { "min.insync.replicas": "3", "retention.ms": "1000" } })],
  ],
  [
    "kafka-topic-replication",
    "unclean election",
    [topic({ config: { "unclean.leader.election.enable": "true", "retention.ms": "1000" } })],
  ],
  [
    "kafka-topic-partitions",
    "fewer than configured",
    [topic()],
    { "kafka-topic-partitions": { minimum: 6 } },
  ],
  ["kafka-topic-partitions", "1", [topic({ partitions: 1 })]],
  ["kafka-topic-protected", "unprotected", [topic({}, { protect: false })]],
  ["kafka-topic-retention", "absent", [topic({ config: {} })]],
  ["kafka-topic-retention", "no config", [topic({ config: undefined })]],
  ["kafka-topic-retention", "for ever", [topic({ config: { "retention.ms": "-1" } })]],
  ["network-loopback-only", "on every address", [container({ ports: [{ internal: 80, external: 80 }] })]],
  [
    "network-loopback-only",
    "on an address of the machine",
    [container({ ports: [{ internal: 80, external: 80, ip: "10.0.0.7" }] })],
  ],
  [
    "network-loopback-only",
    "by a Swarm",
    [brokerService({}, { props: { endpointSpec: { ports: [{ targetPort: 9092, publishedPort: 9092 }] } } })],
  ],
  ["network-loopback-only", "all ports", [container({ publishAllPorts: true })]],
  ["network-loopback-only", "the machine's network", [container({ networkMode: "host" })]],
  [
    "network-tls",
    "a plain listener",
    [broker({ KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SSL,HOST:PLAINTEXT,CONTROLLER:SSL" })],
  ],
  [
    "network-tls",
    "a plain controller",
    [broker({ KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SSL,HOST:SSL" })],
  ],
  [
    "network-tls",
    "SASL without TLS",
    [
      brokerService({
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SASL_PLAINTEXT,HOST:SSL,CONTROLLER:SSL",
      }),
    ],
  ],
  ["network-tls", "the provider", [provider({ tlsEnabled: "false" })]],
  [
    "network-tls",
    "InfluxDB's url",
    [influx("HttpEndpoint", { connection: { url: "http://127.0.0.1:8086" } })],
  ],
  [
    "network-tls",
    "InfluxDB's server",
    [influxServer({ INFLUXD_TLS_CERT: undefined }), influx("ThresholdCheck"), influx("DeadmanCheck")],
  ],
  ...[
    "DB_PASSWORD=Zq8vN2mX",
    "KAFKA_CLIENT_PASSWORDS=Zq8vN2mX",
    "accessToken=Zq8vN2mX",
    "AWS_SECRET_ACCESS_KEY=Zq8vN2mX",
    "API_KEY=Zq8vN2mX",
    "KAFKA_OPTS=-Djavax.net.ssl.keyStorePassword=Zq8vN2mX",
    'JAAS=PlainLoginModule required username="a" password="Zq8vN2mX";',
    "MONGO_URL=mongodb://app:Zq8vN2mX@mongo:27017",
    "KAFKA_SSL_KEYSTORE_KEY=-----BEGIN PRIVATE KEY-----\\nMIIE",
    `X=${"ab-_".repeat(21)}ab==`,
    `KAFKA_PROPERTIES=${Buffer.from("security.protocol=SSL\nssl.key.password=Zq8vN2mX\n").toString("base64")}`,
  ].map((entry): Case => ["secrets-not-in-plain-text", entry.split("=")[0] ?? "", [env(entry)]]),
  ["secrets-not-in-plain-text", "a service's variable", [brokerService({ GF_ADMIN_PASSWORD: "Zq8vN2mX" })]],
  [
    "secrets-not-in-plain-text",
    "a label",
    [container({ labels: [{ label: "api-token", value: "Zq8vN2mX" }] })],
  ],
  ["secrets-not-in-plain-text", "an argument", [container({ command: ["telegraf", "--token", "Zq8vN2mX"] })]],
  [
    "secrets-not-in-plain-text",
    "a probe",
    [container({ healthcheck: { tests: ["CMD-SHELL", "curl -u admin:Zq8vN2mX http://127.0.0.1"] } })],
  ],
  [
    "no-default-credentials",
    "a password in a file",
    [container({ uploads: [{ file: "/run/secrets/password", content: "adminpass\n" }] })],
  ],
  [
    "no-default-credentials",
    "a token in a configuration",
    [container({ uploads: [{ file: "/etc/telegraf/telegraf.conf", content: 'token = "mytoken"' }] })],
  ],
  [
    "no-default-credentials",
    "a base64 upload",
    [
      container({
        uploads: [
          {
            file: "/etc/app.yaml",
            contentBase64: Buffer.from("password: changeme1\ntoken: changeme\n").toString("base64"),
          },
        ],
      }),
    ],
  ],
  [
    "no-default-credentials",
    "a commonplace one where a secret stands",
    [container({ uploads: [{ file: "/etc/app.yaml", content: "password: admin" }] })],
  ],
  [
    "no-default-credentials",
    "a Swarm secret",
    [
      resource("docker:index/secret:Secret", "s", {
        data: Buffer.from("my-super-secret-auth-token").toString("base64"),
      }),
    ],
  ],
  [
    "no-default-credentials",
    "a Swarm config",
    [resource("docker:index/serviceConfig:ServiceConfig", "c", { dataRaw: "password=guest" })],
  ],
  [
    "no-default-credentials",
    "a connection",
    [influx("HttpEndpoint", { connection: { url: "https://x", token: "mytoken" } })],
  ],
  [
    "no-default-credentials",
    "one of the organisation's",
    [container({ uploads: [{ file: "/etc/app.yaml", content: "key: Acme2020" }] })],
    { "no-default-credentials": { further: ["acme2020"] } },
  ],
  ...["telegraf:latest", "obsidiandynamics/kafdrop", "localhost:5000/app", "app:stable"].flatMap(
    (name): Case[] => [
      ["image-pinned", name, [container({ image: name })]],
      ["image-pinned", `pulled ${name}`, [image(name)]],
    ],
  ),
  ["image-digest", "a tag alone", [container()], withDigest],
  ["memory-limit", "absent", [container({ memory: undefined })]],
  ["memory-limit", "zero", [container({ memory: 0 })]],
  ["memory-limit", "absent in a service", [brokerService({}, { task: { resources: {} } })]],
  ["health-probe", "absent", [container({ healthcheck: undefined })]],
  ["health-probe", "turned off", [brokerService({}, { container: { healthcheck: { tests: ["NONE"] } } })]],
  ["restart-policy", "absent", [container({ restart: undefined })]],
  ["restart-policy", "no", [container({ restart: "no" })]],
  [
    "restart-policy",
    "none in a service",
    [
      brokerService(
        {},
        { task: { resources: { limits: { memoryBytes: 1 } }, restartPolicy: { condition: "none" } } },
      ),
    ],
  ],
  ["capabilities-dropped", "absent", [container({ capabilities: undefined })]],
  ["capabilities-dropped", "one of them", [container({ capabilities: { drops: ["NET_RAW"] } })]],
  [
    "capabilities-dropped",
    "absent in a service",
    [brokerService({}, { container: { capDrops: undefined } })],
  ],
  ["read-only-root", "absent", [container({ readOnly: undefined })]],
  ["read-only-root", "off", [container({ readOnly: false })]],
  ["read-only-root", "off in a service", [brokerService({}, { container: { readOnly: false } })]],
  [
    "read-only-root",
    "another image than the one listed",
    [container({ readOnly: false })],
    { "read-only-root": { allowed: ["kafdrop"] } },
  ],
  ["not-privileged", "privileged", [container({ privileged: true })]],
  ["not-privileged", "SYS_ADMIN", [container({ capabilities: { adds: ["CAP_SYS_ADMIN"], drops: ["ALL"] } })]],
  [
    "not-privileged",
    "all capabilities of a service",
    [brokerService({}, { container: { capAdds: ["ALL"] } })],
  ],
  [
    "no-docker-socket",
    "as a volume",
    [container({ volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/s" }] })],
  ],
  [
    "no-docker-socket",
    "as a mount",
    [container({ mounts: [{ type: "bind", source: "/run/docker.sock", target: "/s" }] })],
  ],
  [
    "no-docker-socket",
    "by the folder above",
    [container({ mounts: [{ type: "bind", source: "/", target: "/host" }] })],
  ],
  ["not-root", "root", [container({ user: "root" })]],
  ["not-root", "0:0", [container({ user: "0:0" })]],
  ["not-root", "an image that is root by default", [container({ image: "node:24-bookworm-slim" })]],
  [
    "influxdb-bucket-retention",
    "infinite",
    [bucket({ retention: "infinite" }), influx("ThresholdCheck"), influx("DeadmanCheck")],
  ],
  [
    "influxdb-bucket-retention",
    "absent at the server",
    [
      influxServer({ DOCKER_INFLUXDB_INIT_RETENTION: undefined }),
      influx("ThresholdCheck"),
      influx("DeadmanCheck"),
    ],
  ],
  [
    "influxdb-bucket-retention",
    "0 at the server",
    [
      influxServer({ DOCKER_INFLUXDB_INIT_RETENTION: "0s" }),
      influx("ThresholdCheck"),
      influx("DeadmanCheck"),
    ],
  ],
  ["influxdb-token-scope", "all buckets", [token([{ action: "read", allOf: "buckets" }])]],
  ["influxdb-token-scope", "a type alone", [token([{ action: "write", resource: "authorizations" }])]],
  [
    "influxdb-token-scope",
    "one of two",
    [
      token([
        { action: "read", bucket: "0123456789abcdef" },
        { action: "write", resource: { type: "buckets" } },
      ]),
    ],
  ],
  ["influxdb-token-scope", "nothing said", [token([])]],
  ["influxdb-checks", "no threshold check", [bucket(), influx("DeadmanCheck")]],
  ["influxdb-checks", "no deadman check", [influxServer(), influx("ThresholdCheck")]],
  [
    "influxdb-operator-token-private",
    "in a program's file",
    [
      influxServer(),
      influx("ThresholdCheck"),
      influx("DeadmanCheck"),
      container({ uploads: [{ file: "/run/secrets/t", content: "operator-9f8e7d6c5b4a" }] }),
    ],
  ],
];

const allowed: Case[] = [
  [
    "kafka-authorizer",
    "none where the environment asks for none",
    [broker({ KAFKA_AUTHORIZER_CLASS_NAME: undefined, KAFKA_SSL_CLIENT_AUTH: undefined })],
    tlsOnly,
  ],
  [
    "kafka-authorizer",
    "clients that are known by SASL",
    [
      broker({
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SASL_SSL,HOST:SASL_SSL,CONTROLLER:SASL_SSL",
        KAFKA_SSL_CLIENT_AUTH: undefined,
      }),
    ],
  ],
  ["kafka-no-wildcard-acl", "a prefix of names", [acl({ resourcePatternTypeFilter: "Prefixed" })]],
  [
    "kafka-no-wildcard-acl",
    "everybody denied",
    [acl({ aclPrincipal: "User:*", aclResourceName: "*", aclPermissionType: "Deny" })],
  ],
  ["all", "a container's broker, with TLS", safeStack()],
  ["all", "a service's broker", [brokerService()]],
  ["all", "a broker of Bitnami's kind", [cfg({})]],
  ["kafka-auto-create-off", "spelt otherwise", [broker({ KAFKA_AUTO_CREATE_TOPICS_ENABLE: "False" })]],
  [
    "kafka-auto-create-off",
    "a controller alone",
    [broker({ KAFKA_PROCESS_ROLES: "controller", KAFKA_AUTO_CREATE_TOPICS_ENABLE: undefined })],
  ],
  [
    "kafka-auto-create-off",
    "no broker",
    [kafdrop(), env("KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS=kafka1:9092", "KAFKA_BROKERS=kafka1:9092")],
  ],
  [
    "kafka-auto-create-off",
    "a tool in the broker's image",
    [container({ image: "apache/kafka:4.3.1", command: ["kafka-topics.sh", "--list"] })],
  ],
  [
    "kafka-replication",
    "internal topics left at Kafka's own default",
    [broker({ KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: undefined })],
  ],
  ["kafka-replication", "five", [broker({ KAFKA_DEFAULT_REPLICATION_FACTOR: "5" })]],
  [
    "kafka-min-isr",
    "3 of 5",
    [broker({ KAFKA_DEFAULT_REPLICATION_FACTOR: "5", KAFKA_MIN_INSYNC_REPLICAS: "3" })],
  ],
  ["kafka-unclean-election-off", "off", [broker({ KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "false" })]],
  [
    "kafka-voters",
    "five",
    [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@a:9093,2@b:9093,3@c:9093,4@d:9093,5@e:9093" })],
  ],
  [
    "kafka-voters",
    "one, where configured",
    [broker({ KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093" })],
    { "kafka-voters": { minimum: 1 } },
  ],
  [
    "kafka-node-id-among-voters",
    "a broker alone",
    [broker({ KAFKA_PROCESS_ROLES: "broker", KAFKA_NODE_ID: "7" })],
  ],
  [
    "kafka-controller-private",
    "a broker alone publishes 9093",
    [
      broker(
        { KAFKA_PROCESS_ROLES: "broker", KAFKA_LISTENERS: "INTERNAL://:9093", KAFKA_NODE_ID: "7" },
        { ports: [{ internal: 9093, external: 9093, ip: "127.0.0.1" }] },
      ),
    ],
  ],
  [
    "kafka-log-dir-on-volume",
    "a folder of the machine",
    [broker({}, { volumes: [{ hostPath: "/srv/kafka", containerPath: "/var/lib/kafka/data/" }] })],
  ],
  [
    "kafka-topic-name",
    "words",
    [topic({ name: "weather-telegraf" }), topic({ name: "data-quality" }), topic({ name: "weather-dlq" })],
  ],
  [
    "kafka-topic-name",
    "another convention",
    [topic({ name: "weather.raw" })],
    { "kafka-topic-name": { pattern: "^[a-z.]+$" } },
  ],
  ["kafka-topic-replication", "min ISR of the broker", [topic({ config: { "retention.ms": "1000" } })]],
  [
    "kafka-topic-partitions",
    "an exception",
    [topic({ partitions: 1 })],
    { "kafka-topic-partitions": { except: ["weather"] } },
  ],
  ["kafka-topic-protected", "unprotected where it needn't be", [topic({}, { protect: false })], {}],
  ["kafka-topic-retention", "compacted", [topic({ config: { "cleanup.policy": "compact" } })]],
  [
    "network-loopback-only",
    "loopback",
    [
      container({
        ports: [
          { internal: 80, external: 80, ip: "127.0.0.2" },
          { internal: 81, external: 81, ip: "::1" },
        ],
      }),
    ],
  ],
  [
    "network-loopback-only",
    "listed",
    [
      container({ ports: [{ internal: 80, external: 443 }] }),
      brokerService({}, { props: { endpointSpec: { ports: [{ targetPort: 9092, publishedPort: 443 }] } } }),
    ],
    { "network-loopback-only": { allowedPorts: [443] } },
  ],
  [
    "network-loopback-only",
    "a listed container",
    [container({ networkMode: "host" })],
    { "network-loopback-only": { allowedHostNetwork: ["app"] } },
  ],
  [
    "network-tls",
    "plain where it may be",
    [broker({ KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: undefined }), provider({ tlsEnabled: "false" })],
    {},
  ],
  [
    "secrets-not-in-plain-text",
    "what only looks like one",
    [
      env(
        "GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/grafana",
        "ALLOW_EMPTY_PASSWORD=yes",
        "INFLUXD_STRONG_PASSWORDS=true",
        "ADMIN_TOKEN=/run/secrets/token",
        "TOKEN_TTL=3600",
        "MAX_TOKENS=100",
        "KAFKA_SSL_KEY_CREDENTIALS=key_creds",
        "ROUTING_KEY=sensor",
        "INFLUX_TOKEN=${TOKEN}",
        "KAFKA_SSL_TRUSTSTORE_CERTIFICATES=-----BEGIN CERTIFICATE-----\\nMIIE",
        "URL=http://influxdb:8086/api",
        "DB_PASSWORD=",
        "NOT_SET",
      ),
    ],
  ],
  [
    "secrets-not-in-plain-text",
    "references",
    [
      container({
        command: ["sh", "-c", "influx setup --token $(cat /run/secrets/t) --password-file /run/secrets/p"],
      }),
    ],
  ],
  [
    "no-default-credentials",
    "ordinary words",
    [
      container({
        envs: ["INFLUX_USER=admin", "GREETING=test"],
        uploads: [{ file: "/etc/app.yaml", content: "user: admin\nmode: test\n" }],
      }),
    ],
  ],
  [
    "image-pinned",
    "an id, a digest, a registry with a port",
    [
      container({ image: digest }),
      image(`apache/kafka@${digest}`),
      container({ image: "localhost:5000/app:1" }),
    ],
  ],
  [
    "image-digest",
    "a digest",
    [container({ image: `app:1@${digest}` }), container({ image: digest })],
    withDigest,
  ],
  ["health-probe", "a job", [container({ mustRun: false, healthcheck: undefined, restart: "no" })]],
  ["restart-policy", "on failure", [container({ restart: "on-failure" })]],
  [
    "not-privileged",
    "one capability",
    [container({ privileged: false, capabilities: { adds: ["NET_BIND_SERVICE"], drops: ["ALL"] } })],
  ],
  ["capabilities-dropped", "as Docker's own name", [container({ capabilities: { drops: ["CAP_ALL"] } })]],
  [
    "read-only-root",
    "files that are laid in",
    [container({ readOnly: false, uploads: [{ file: "/etc/app.json", content: "{}" }] })],
  ],
  [
    "read-only-root",
    "a listed image",
    [container({ readOnly: false })],
    { "read-only-root": { allowed: ["producer"] } },
  ],
  [
    "no-docker-socket",
    "a listed container",
    [container({ volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/s" }] })],
    { "no-docker-socket": { allowed: ["app"] } },
  ],
  [
    "not-root",
    "a user of its own",
    [container({ image: "node:24-bookworm-slim", user: "1000:1000" }), container({ user: "10001" })],
  ],
  [
    "not-root",
    "an image that must start as root",
    [container({ image: "telegraf:1.37.2", user: "0" })],
    { "not-root": { allowed: ["telegraf"] } },
  ],
  [
    "influxdb-token-scope",
    "all of a listed type",
    [token([{ action: "read", allOf: "tasks" }])],
    { "influxdb-token-scope": { allowedForAll: ["read tasks"] } },
  ],
  ["influxdb-checks", "no InfluxDB", [container()]],
  [
    "influxdb-operator-token-private",
    "a token of its own",
    [
      influxServer(),
      influx("ThresholdCheck"),
      influx("DeadmanCheck"),
      container({ uploads: [{ file: "/run/secrets/t", content: "producer-1a2b3c4d" }] }),
    ],
  ],
];

for (const [policy, what, resources, config] of refused) {
  test(`${policy} refuses: ${what}`, () => {
    expect(policiesAgainst(resources, config)).toEqual([policy]);
  });
}

for (const [policy, what, resources, config] of allowed) {
  test(`${policy} allows: ${what}`, () => {
    expect(evaluate(resources, config ?? strict)).toEqual([]);
  });
}

test("TLS is judged in each listener that is only advertised", () => {
  const plain = broker({ KAFKA_LISTENERS: undefined, KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka1:9092" });
  expect(policiesAgainst([plain], tlsOnly)).toEqual(["network-tls"]);
});

test("every policy is refused and allowed here", () => {
  const names = all.map(({ name }) => name).sort();
  expect([...new Set(refused.map(([policy]) => policy))].sort()).toEqual(names);
  const shown = new Set(allowed.map(([policy]) => policy));
  // The first case, a whole stack, allows those that have no finer case of their own.
  expect(names.filter((name) => !shown.has(name))).toEqual([
    "influxdb-bucket-retention",
    "kafka-own-cluster-id",
    "memory-limit",
  ]);
});

test("every policy says what it is for, how grave it is and what to do", () => {
  for (const policy of all) {
    expect(policy.name).toMatch(/^[a-z][a-z-]+$/);
    expect(policy.description).toMatch(/\.$/);
    expect(policy.remediationSteps.length).toBeGreaterThan(20);
    for (const schema of Object.values(policy.configSchema?.properties ?? {})) {
      expect(schema).toMatchObject({ description: expect.stringMatching(/\.$/), default: expect.anything() });
    }
  }
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

test("a message names the property and what to write there", () => {
  const [violation] = evaluate([topic({ replicationFactor: 2, config: { "retention.ms": "1000" } })]);
  expect(violation).toMatchObject({
    policy: "kafka-topic-replication",
    severity: "critical",
    enforcement: "mandatory",
    name: "weather",
    message: "replicationFactor: is 2, fewer than 3. Instead: replicationFactor: 3 or more.",
  });
});
