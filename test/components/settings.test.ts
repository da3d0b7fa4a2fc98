import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import {
  pipelineTopics,
  settingsFaults,
  settingsSchema,
  type SettingsInput,
} from "../../components/settings";
import { stackConfig, stackNames } from "../../embedded/stack-config";

const projectRoot = path.resolve(__dirname, "../..");
const defaults = settingsSchema.parse({});

const accessKey = path.join(os.tmpdir(), `weather-access-key-${process.pid}`);
fs.writeFileSync(
  accessKey,
  "[default]\naws_access_key_id = tester\naws_secret_access_key = only-for-tests\n",
);
afterAll(() => {
  fs.rmSync(accessKey);
});
const folder = (at: string) => ({ kind: "folder", path: at });
const bucket = (settings: object) => ({
  ...{ kind: "s3", bucket: "weather", credentialsFile: accessKey },
  ...settings,
});

/** Paths of what is said against the input, in its order. */
const paths = (input: unknown) => settingsFaults(input).map(({ propertyPath }) => propertyPath);

test("the defaults are a trio on which one broker may be lost, and have no faults", () => {
  expect(settingsFaults({})).toEqual([]);
  expect(settingsFaults(defaults)).toEqual([]);
  expect(defaults.kafka).toMatchObject({ brokers: 3, partitions: 4, firstHostPort: 19_092 });
  expect(defaults.influxdb).toMatchObject({ org: "myorg", bucket: "weather", hostPort: 8086 });
});

test.each<[input: unknown, propertyPath: string, reason: RegExp]>([
  [{ kafka: { brokers: 2 } }, "kafka.brokers", /^must be from 3 to 5 \(1 for learning\), not 2: /],
  [{ kafka: { brokers: 0 } }, "kafka.brokers", /not 0/],
  [{ kafka: { controllers: 2 } }, "kafka.controllers", /clear majority/],
  [onSwarm(["a", "b"]), "placement.nodes", /^must be as many as the brokers \(3\)/],
  [onSwarm(["a", "b", "c/d"]), "placement.nodes[2]", /must be the address/],
  [{ ...onSwarm(["a", "b", "c"]), kafdrop: {} }, "kafdrop.enabled", /knows no login/],
  [{ kafka: { brokers: "3" } }, "kafka.brokers", /whole number/],
  [
    { kafka: { replicationFactor: 4 } },
    "kafka.replicationFactor",
    /from 1 to the number of brokers \(3\), not 4/,
  ],
  [{ kafka: { brokers: 1, replicationFactor: 3 } }, "kafka.replicationFactor", /\(1\), not 3/],
  [
    { kafka: { replicationFactor: 2, minInsyncReplicas: 3 } },
    "kafka.minInsyncReplicas",
    /from 1 to the replication factor \(2\), not 3/,
  ],
  [{ kafka: { minInsyncReplicas: 3 } }, "kafka.minInsyncReplicas", /loss of one broker stops all writes/],
  [{ kafka: { partitions: 0 } }, "kafka.partitions", /at least 1, not 0/],
  [{ kafka: { retention: "7d" } }, "kafka.retention", /a whole number and a unit/],
  [{ kafka: { version: "3.9.1" } }, "kafka.version", /a whole version of Kafka 4/],
  [{ kafka: { version: "latest" } }, "kafka.version", /such as 4\.3\.1/],
  [{ kafka: { retention: 7 } }, "kafka.retention", /a whole number and a unit/],
  [{ kafka: { retentionBytes: 1_000 } }, "kafka.retentionBytes", /1048576/],
  [{ kafka: { heapMiB: 64 } }, "kafka.heapMiB", /at least 128/],
  [{ kafka: { heapMiB: 1_024, memoryMiB: 1_100 } }, "kafka.memoryMiB", /at least 1152/],
  [{ kafka: { firstHostPort: 60_000 } }, "kafka.firstHostPort", /broker 3 would have 80000, above 65535/],
  [{ kafka: { firstHostPort: 9_092 } }, "kafka.firstHostPort", /must not lead to 9092/],
  [{ kafka: { firstHostPort: 0 } }, "kafka.firstHostPort", /from 1 to 65535, not 0/],
  [{ influxdb: { retention: "30 minutes" } }, "influxdb.retention", /at least "1 hour"/],
  [{ influxdb: { org: "" } }, "influxdb.org", /must not be empty/],
  [{ influxdb: { hostPort: 0 } }, "influxdb.hostPort", /from 1 to 65535, not 0/],
  [{ influxdb: { hostPort: 9_000 } }, "kafdrop.hostPort", /9000 is published by influxdb\.hostPort already/],
  [
    { grafana: { hostPort: 29_092 } },
    "grafana.hostPort",
    /29092 is published by kafka\.firstHostPort already/,
  ],
  [{ consumer: { hostPort: 70_000 } }, "consumer.hostPort", /from 1 to 65535, not 70000/],
  [{ alerts: { tooHotCelsius: "40" } }, "alerts.tooHotCelsius", /degrees Celsius/],
  [{ inject: { source: "lyon" } }, "inject.source", /^must be one of "simulate", "seattle"$/],
  [{ inject: { pointsPerSecond: 0 } }, "inject.pointsPerSecond", /more than 0/],
  [{ producer: { lateArrivalSeconds: 30 } }, "producer.lateArrivalSeconds", /at least 60/],
  [{ backup: { enabled: true } }, "backup.to", /^must say where they are kept, such as/],
  [
    { backup: { enabled: true, to: folder("srv") } },
    "backup.to.path",
    /absolute path of a folder .*, not "srv"$/,
  ],
  [
    { backup: { enabled: true, to: folder("/srv"), every: "6h" } },
    "backup.every",
    /a whole number and a unit/,
  ],
  [{ backup: { enabled: true, to: { kind: "ftp" } } }, "backup.to.kind", /Invalid/],
  [
    { backup: { enabled: true, to: bucket({ bucket: "My_Bucket" }) } },
    "backup.to.bucket",
    /^must be 3\.\.63/,
  ],
  [
    { backup: { enabled: true, to: bucket({ prefix: "/a/" }) } },
    "backup.to.prefix",
    /names with "\/" between/,
  ],
  [
    { backup: { enabled: true, to: bucket({ endpoint: "s3.example" }) } },
    "backup.to.endpoint",
    /^must be an http or https address/,
  ],
  [
    { security: { mode: "mtls" }, backup: { enabled: true, to: bucket({ endpoint: "http://s3.example" }) } },
    "backup.to.endpoint",
    /^must begin with https:, since security\.mode is "mtls", not "http:\/\/s3\.example"$/,
  ],
  [
    { backup: { enabled: true, to: bucket({ credentialsFile: "/nobody/has/this" }) } },
    "backup.to.credentialsFile",
    /^"\/nobody\/has\/this" can't be read, or lacks aws_access_key_id/,
  ],
  [
    { backup: { enabled: true, to: bucket({ caFile: "/nobody/has/this" }) } },
    "backup.to.caFile",
    /^\/nobody\/has\/this can't be read, or is empty$/,
  ],
  [{ backup: { keep: 0 } }, "backup.keep", /^must be at least 1$/],
  [
    { backup: { enabled: true, to: folder("/srv"), passphraseFile: "/nobody/has/this" } },
    "backup.passphraseFile",
    /^\/nobody\/has\/this can't be read, or is empty$/,
  ],
  [{ kafka: { borkers: 3 } }, "kafka.borkers", /^there is no such setting$/],
  [{ kafak: {} }, "kafak", /^there is no such setting$/],
  [{ kafka: null }, "kafka", /object/],
  [{ protect: "yes" }, "protect", /boolean/],
  [{ kafkaUi: { enabled: true, hostPort: 9_000 } }, "kafkaUi.hostPort", /by kafdrop\.hostPort already/],
  [
    { documents: { enabled: true, hostPort: 8_086 } },
    "documents.hostPort",
    /published by influxdb\.hostPort already/,
  ],
  [{ documents: { enabled: true, database: "a b" } }, "documents.database", /^must be a letter followed by/],
  [{ documents: { enabled: true, memoryMiB: 128 } }, "documents.memoryMiB", /at least 256/],
])("%j: exactly one fault, at %s", (input, propertyPath, reason) => {
  expect(settingsFaults(input)).toEqual([{ propertyPath, reason: expect.stringMatching(reason) }]);
});

test("a page that is off publishes no port, so there is nothing to clash with", () => {
  expect(settingsFaults({ kafdrop: { enabled: false, hostPort: 3_000 } })).toEqual([]);
  expect(settingsFaults({ kafkaUi: { hostPort: 9_000 }, documents: { hostPort: 3_000 } })).toEqual([]);
});

test("one fault never hides another: all are told at once, each with its path", () => {
  expect(
    paths({
      kafka: {
        brokers: 2,
        replicationFactor: 3,
        minInsyncReplicas: 4,
        retention: "7d",
        heapMiB: 1.5,
        speed: 1,
      },
      influxdb: { retention: "1 second", hostPort: 3_000 },
      inject: { source: "lyon", stations: 0 },
      nonsense: true,
    }).sort(),
  ).toEqual([
    "grafana.hostPort",
    "influxdb.retention",
    "inject.source",
    "inject.stations",
    "kafka.brokers",
    "kafka.heapMiB",
    "kafka.minInsyncReplicas",
    "kafka.replicationFactor",
    "kafka.retention",
    "kafka.speed",
    "nonsense",
  ]);
});

test("settings that are no object are refused as a whole", () => {
  expect(settingsFaults("three brokers")).toEqual([
    { propertyPath: "", reason: expect.stringContaining("object") },
  ]);
});

test("the pipeline's four topics take partitions from the settings; what failed and what was alerted is kept longer", () => {
  const topics = pipelineTopics(
    settingsSchema.parse({ kafka: { partitions: 8, retention: "2 days", retentionBytes: 5_000_000 } }),
  );
  expect(topics).toEqual([
    {
      name: "weather",
      partitions: 8,
      cleanup: { policy: "delete", retention: "2 days", retentionBytes: 5_000_000 },
    },
    {
      name: "weather-telegraf",
      partitions: 8,
      cleanup: { policy: "delete", retention: "2 days", retentionBytes: 5_000_000 },
    },
    {
      name: "weather-retry",
      partitions: 8,
      cleanup: { policy: "delete", retention: "2 days", retentionBytes: 5_000_000 },
      maxMessageBytes: 2_097_176,
    },
    {
      name: "weather-dlq",
      partitions: 8,
      cleanup: { policy: "delete", retention: "30 days", retentionBytes: 5_000_000 },
      maxMessageBytes: 2_097_176,
    },
    {
      name: "weather-alerts",
      partitions: 8,
      cleanup: { policy: "delete", retention: "30 days", retentionBytes: 5_000_000 },
    },
  ]);
});

interface DeclaredSection {
  type: string;
  default: unknown;
  description: string;
}

test("Pulumi.yaml declares the schema's sections: names, types, defaults and descriptions", () => {
  const file = parse(fs.readFileSync(path.join(projectRoot, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, DeclaredSection>;
  };
  const types = { object: "object", string: "string", boolean: "boolean", array: "array" } as const;
  const ofSchema = Object.entries(settingsSchema.shape).map(([name, section]) => {
    const { type } = z.toJSONSchema(section, { io: "input", unrepresentable: "any" }) as {
      type: keyof typeof types;
    };
    const { defaultValue: value } = section.def as { defaultValue: unknown };
    const items = type === "array" && { items: { type: "string" } };
    return [name, { type: types[type], ...items, default: value, description: section.description }];
  });
  expect(file.config).toEqual(Object.fromEntries(ofSchema));
});

test.each(stackNames(projectRoot))("Pulumi.%s.yaml has no faults", (stack) => {
  const { project, config } = stackConfig(projectRoot, stack);
  const given = Object.fromEntries(
    Object.entries(config).map(([key, text]) => {
      const section = key.replace(`${project}:`, "");
      return [section, section === "imageRegistry" ? text : (JSON.parse(text) as unknown)];
    }),
  );
  expect(settingsFaults(given)).toEqual([]);
});

/** Settings of a Swarm of these nodes, and nothing on it that a Swarm refuses. */
function onSwarm(nodes: string[]): SettingsInput {
  return { placement: { kind: "swarm", nodes }, kafdrop: { enabled: false } };
}
