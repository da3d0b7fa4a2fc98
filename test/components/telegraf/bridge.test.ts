import { InfluxBucket } from "../../../components/influxdb/bucket";
import { InfluxServer } from "../../../components/influxdb/server";
import { KafkaCluster } from "../../../components/kafka/cluster";
import { KafkaTopic } from "../../../components/kafka/topic";
import { InfluxToKafkaBridge, KafkaToInfluxBridge } from "../../../components/telegraf/bridge";
import { type Declarations, declared, madeUp, plain, Secret } from "../declared";

const placement = { prefix: "weather-test", networks: ["net"] };
const image = "telegraf:1.37.2";

let declarations: Declarations;
beforeAll(async () => {
  declarations = await declared(() => {
    const cluster = new KafkaCluster("kafka", { placement, image: "apache/kafka:4.3.1" });
    const topic = new KafkaTopic("raw", { cluster, name: "weather-telegraf" });
    const influx = new InfluxServer("influxdb", { placement, image: "influxdb:2.9.1", org: "meteo" });
    const bucket = (name: string) =>
      new InfluxBucket(
        name,
        { connection: influx.connection, name, retention: "7 days" },
        { dependsOn: [influx] },
      );
    const common = { placement, image, kafka: cluster.access, influx, topic };
    new InfluxToKafkaBridge("out", { ...common, bucket: bucket("weather"), bucketName: "weather" });
    new KafkaToInfluxBridge("back", {
      ...common,
      bucket: bucket("copy"),
      bucketName: "copy",
      memoryMiB: 128,
    });
  });
});

/** Files of a container, by path. */
function filesOf(container: string): Record<string, string> {
  const uploads = plain(declarations.get(container).inputs["uploads"]) as { file: string; content: string }[];
  return Object.fromEntries(uploads.map(({ file, content }) => [file, content]));
}

/** One table of a container's configuration: its lines. */
function table(container: string, name: string): string[] {
  const text = filesOf(container)["/etc/telegraf/telegraf.conf"] ?? "";
  const found = text
    .split("\n\n")
    .find((one) => one.startsWith(`[[${name}]]`) || one.startsWith(`[${name}]`));
  return found?.trim().split("\n").slice(1) ?? [];
}

/** The text of the secret file that a plugin takes its token from, by way of Telegraf's secret store. */
function tokenOf(container: string, plugin: string): string | undefined {
  const [, store, key] = /^token = "@\{(\w+):(\w+)\}"$/m.exec(table(container, plugin).join("\n")) ?? [];
  const lines = table(container, "secretstores.docker").join("\n");
  const [, id] = /^id = "(.*)"$/m.exec(lines) ?? [];
  const [, folder] = /^path = "(.*)"$/m.exec(lines) ?? [];
  expect(id).toBe(store);
  return filesOf(container)[`${folder ?? ""}/${key ?? ""}`];
}

test.each(["out", "back"])(
  "the bridge %s runs as the image's own user, unpublished, and is probed",
  (name) => {
    expect(declarations.get(`Container ${name}-container`).inputs).toMatchObject({
      ...{ name: `weather-test-${name}`, image, ports: [], user: "999:999", restart: "unless-stopped" },
      labels: [{ label: "pulumi-weather-pipeline.probe", value: "http:8080/" }],
      memory: name === "back" ? 128 : 256,
    });
    expect(table(`Container ${name}-container`, "outputs.health")).toContain(
      'service_address = "http://0.0.0.0:8080"',
    );
  },
);

test("points reach Kafka keyed by station, acknowledged by all, no faster than Telegraf can hold them", () => {
  const container = "Container out-container";
  expect(table(container, "inputs.influxdb_v2_listener")).toEqual(
    expect.arrayContaining(['service_address = "0.0.0.0:8186"', "max_undelivered_metrics = 10000"]),
  );
  expect(table(container, "outputs.kafka")).toEqual(
    expect.arrayContaining([
      'brokers = ["kafka1:9092","kafka2:9092","kafka3:9092"]',
      'topic = "weather-telegraf"',
      'routing_tag = "station"',
      "required_acks = -1",
      "idempotent_writes = true",
      'startup_error_behavior = "retry"',
    ]),
  );
});

test("InfluxDB replicates its bucket to the bridge once that runs, with the same random token", () => {
  expect(declarations.get("Remote out-remote").inputs).toMatchObject({
    url: "http://out:8186",
    token: new Secret(madeUp("out-listener-token")),
  });
  expect(tokenOf("Container out-container", "inputs.influxdb_v2_listener")).toBe(
    madeUp("out-listener-token"),
  );
  expect(declarations.isAfter("Remote out-remote", "Container out-container")).toBe(true);
  expect(declarations.get("Replication out-replication").inputs).toMatchObject({
    remoteId: "out-remote-id",
    remoteBucketName: "weather",
  });
  expect(declarations.isAfter("Replication out-replication", "Remote out-remote")).toBe(true);
});

test("the way back reads the topic from its beginning in a group of its own, and may write one bucket only", () => {
  const container = "Container back-container";
  expect(table(container, "inputs.kafka_consumer")).toEqual(
    expect.arrayContaining([
      'topics = ["weather-telegraf"]',
      'consumer_group = "back"',
      'offset = "oldest"',
      "max_undelivered_messages = 10000",
    ]),
  );
  // Telegraf's own default fails on Kafka 4.
  expect(table(container, "inputs.kafka_consumer").join()).toMatch(/kafka_version = "2\.\d/);
  expect(table(container, "outputs.influxdb_v2")).toEqual(
    expect.arrayContaining(['urls = ["http://influxdb:8086"]', 'organization = "meteo"', 'bucket = "copy"']),
  );
  expect(declarations.get("Token back-token").inputs).toMatchObject({
    permissions: [{ action: "write", bucket: "copy-id" }],
  });
  expect(tokenOf(container, "outputs.influxdb_v2")).toBe(madeUp("back-token"));
});

test("both wait for the topic, and no token stands in a configuration", () => {
  for (const name of ["out", "back"]) {
    expect(declarations.isAfter(`Container ${name}-container`, "Topic raw-topic")).toBe(true);
    expect(filesOf(`Container ${name}-container`)["/etc/telegraf/telegraf.conf"]).not.toContain("made-up-by");
  }
});
