import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type PipelineOutputValues } from "../../components/outputs";
import { WeatherPipeline } from "../../components/pipeline";
import { type SettingsInput } from "../../components/settings";
import { type Declarations, declared, madeUp, plain, Secret, valueOf } from "./declared";

const topicNames = ["weather", "weather-telegraf", "weather-retry", "weather-dlq", "weather-alerts"];

async function pipeline(settings: SettingsInput = {}): Promise<[Declarations, PipelineOutputValues]> {
  let outputs: PipelineOutputValues | undefined;
  const declarations = await declared(() => {
    ({ outputs } = new WeatherPipeline("weather", settings));
  });
  if (!outputs) throw new Error("no pipeline");
  return [declarations, outputs];
}

describe("with the defaults", () => {
  let declarations: Declarations;
  let outputs: PipelineOutputValues;
  beforeAll(async () => {
    [declarations, outputs] = await pipeline();
  });

  const containers = () => declarations.ofKind("Container");
  const named = (kind: string) => declarations.ofKind(kind).map(({ inputs }) => inputs["name"]);

  test("trio, InfluxDB, bridges and pages are declared under the stack's own prefix", () => {
    expect(named("Container")).toEqual(
      expect.arrayContaining(
        [
          "kafka1",
          "kafka2",
          "kafka3",
          "influxdb",
          "telegraf-to-kafka",
          "telegraf-to-influxdb",
          "kafdrop",
          "grafana",
        ].map((name) => `weather-test-${name}`),
      ),
    );
    for (const kind of ["Container", "Volume"])
      for (const name of named(kind)) expect(name).toMatch(/^weather-test-[a-z0-9-]+$/);
    expect(named("Network")).toEqual(["brokers", "influxdb", "front"].map((name) => `weather-test-${name}`));
  });

  test("the five topics have 4 partitions, RF 3 and min ISR 2, and come after the quorum", () => {
    const topics = declarations.ofKind("Topic");
    expect(topics.map(({ inputs }) => inputs["name"]).sort()).toEqual([...topicNames].sort());
    for (const { inputs, dependencies, label, provider } of topics) {
      expect(inputs).toMatchObject({
        ...{ partitions: 4, replicationFactor: 3, config: { "min.insync.replicas": "2" } },
      });
      expect(dependencies).toContain("QuorumGate kafka-quorum");
      expect(provider).toBe("kafka kafka-provider");
      for (const id of [1, 2, 3])
        expect(declarations.isAfter(label, `Container kafka-kafka${id}-container`)).toBe(true);
    }
  });

  test("containers share a network only where they must talk, and `front` only to publish", () => {
    const on = Object.fromEntries(
      containers().map(({ inputs }) => [
        (inputs["name"] as string).slice("weather-test-".length),
        (inputs["networksAdvanced"] as { name: string }[])
          .map(({ name }) => name.slice("weather-test-".length))
          .join(" "),
      ]),
    );
    expect(on).toEqual({
      ...{ kafka1: "brokers front", kafka2: "brokers front", kafka3: "brokers front" },
      ...{ influxdb: "influxdb front", grafana: "influxdb front", kafdrop: "brokers front" },
      ...{ producer: "brokers influxdb", monitor: "brokers influxdb", consumer: "brokers influxdb front" },
      ...{ "telegraf-to-kafka": "brokers influxdb", "telegraf-to-influxdb": "brokers influxdb" },
      ...{ inject: "influxdb", "telegraf-metrics": "influxdb" },
    });
  });

  test("every container is confined: a limit, a user, no capability, a probe, loopback ports, no way up", () => {
    for (const { inputs } of containers()) {
      expect(inputs).toMatchObject({
        user: expect.stringMatching(/^[1-9]\d*:\d+$/),
        capabilities: { drops: ["ALL"] },
        networkMode: "bridge",
        restart: "unless-stopped",
        securityOpts: ["no-new-privileges:true"],
        healthcheck: { tests: expect.arrayContaining(["CMD"]) },
        labels: expect.arrayContaining([
          { label: "pulumi-weather-pipeline.probe", value: expect.stringMatching(/^(tcp|http):\d+/) },
        ]),
      });
      expect(inputs["memory"]).toBe(inputs["memorySwap"]);
      expect(inputs["memory"]).toBeGreaterThanOrEqual(64);
      for (const { ip } of inputs["ports"] as { ip: string }[]) expect(ip).toBe("127.0.0.1");
      expect(inputs["image"]).toMatch(/:[\w.-]+$/);
    }
  });

  test("the controllers' port and Telegraf's listener are published nowhere, and no port twice", () => {
    const ports = containers().flatMap(
      ({ inputs }) => inputs["ports"] as { internal: number; external: number }[],
    );
    for (const { internal, external } of ports) {
      expect([9_092, 9_093, 8_186]).not.toContain(internal);
      expect([9_092, 9_093, 8_186]).not.toContain(external);
    }
    const external = ports.map((port) => port.external);
    expect(new Set(external).size).toBe(external.length);
    expect(external).toEqual(expect.arrayContaining([19_092, 29_092, 39_092, 8_086, 9_000, 3_000]));
  });

  test("no made-up secret stands where `docker inspect` shows it; each in a file that stays a secret", () => {
    const secrets = [...declarations.ofKind("RandomPassword"), ...declarations.ofKind("Token")].map(
      ({ name }) => madeUp(name),
    );
    expect(secrets.length).toBeGreaterThanOrEqual(6);
    const inFiles = new Set<string>();
    for (const { inputs, label } of containers()) {
      const { uploads, ...rest } = inputs;
      const visible = JSON.stringify(plain(rest));
      for (const secret of secrets) {
        if (visible.includes(secret)) throw new Error(`${label} shows ${secret}`);
        if (!JSON.stringify(plain(uploads)).includes(secret)) continue;
        inFiles.add(secret);
        expect([label, uploads]).toEqual([label, expect.any(Secret)]);
      }
    }
    // The one for `npm run status` is an output of the stack and in no container.
    expect([...inFiles].sort()).toEqual(secrets.filter((secret) => secret !== madeUp("status-token")).sort());
  });

  test("what tells a resource of InfluxDB how to reach it is a secret, and the server comes first", () => {
    const resources = declarations.all.filter(({ type }) =>
      type.startsWith("pulumi-nodejs:dynamic/influxdb:"),
    );
    expect(resources.length).toBeGreaterThanOrEqual(7);
    for (const { inputs, label } of resources) {
      expect([label, inputs["connection"]]).toEqual([label, expect.any(Secret)]);
      expect([label, declarations.isAfter(label, "Container influxdb-container")]).toEqual([label, true]);
    }
  });

  test("outputs say where everything is; passwords and tokens among them are secrets", async () => {
    const value = async (key: keyof PipelineOutputValues) => {
      const output = pulumi.output(outputs[key]) as pulumi.Output<unknown>;
      return [await new Promise((resolve) => output.apply(resolve)), await pulumi.isSecret(output)];
    };
    expect(await value("prefix")).toEqual(["weather-test", false]);
    expect(await value("kafka")).toEqual([
      {
        bootstrapServers: ["127.0.0.1:19092", "127.0.0.1:29092", "127.0.0.1:39092"],
        internalBootstrapServers: ["kafka1:9092", "kafka2:9092", "kafka3:9092"],
        clusterId: "A-__ABCDEFGHIJKLMNOPQw",
        topics: topicNames,
        group: "weather-analysis",
      },
      false,
    ]);
    expect(await value("influxdb")).toEqual([
      expect.objectContaining({
        url: "http://127.0.0.1:8086",
        bucket: "weather",
        telegrafBucket: "weather_telegraf",
      }),
      false,
    ]);
    expect(await value("pages")).toEqual([
      {
        consumer: "http://127.0.0.1:8080",
        kafdrop: "http://127.0.0.1:9000",
        grafana: "http://127.0.0.1:3000",
      },
      false,
    ]);
    expect(await value("influxdbPassword")).toEqual([madeUp("influxdb-password"), true]);
    expect(await value("influxdbReadToken")).toEqual([madeUp("status-token"), true]);
    expect(await value("influxdbOperatorToken")).toEqual([madeUp("influxdb-operator-token"), true]);
    expect(await value("grafanaPassword")).toEqual([madeUp("grafana-password"), true]);
    expect(outputs.consumerPassword).toBeUndefined();
  });

  test("nothing is protected", () => {
    expect(declarations.all.filter(({ protect }) => protect)).toEqual([]);
  });

  test("the bridges go from one bucket to another, so that no loop arises", () => {
    const names = Object.fromEntries(
      declarations.ofKind("Bucket").map(({ name, inputs }) => [name, inputs["name"]]),
    );
    expect(Object.values(names).sort()).toEqual([
      "pipeline",
      "weather",
      "weather_analysis",
      "weather_telegraf",
    ]);
    expect(declarations.get("Replication telegraf-to-kafka-replication").inputs["remoteBucketName"]).toBe(
      "weather",
    );
    expect(
      JSON.stringify(plain(declarations.get("Container telegraf-to-influxdb-container").inputs["uploads"])),
    ).toContain('bucket = \\"weather_telegraf\\"');
  });
});

test("on a Swarm, which publishes on every address, the live page asks for a login; its password is a secret, and a file", async () => {
  const placement = { kind: "swarm", nodes: ["192.0.2.1", "192.0.2.2", "192.0.2.3"] } as const;
  const [declarations, outputs] = await pipeline({
    placement: { ...placement, nodes: [...placement.nodes] },
    kafdrop: { enabled: false },
  });
  expect(outputs.consumerPassword && (await valueOf(pulumi.output(outputs.consumerPassword)))).toBe(
    madeUp("consumer-page-password"),
  );
  expect(await pulumi.isSecret(pulumi.output(outputs.consumerPassword))).toBe(true);
  const config = declarations.get("ServiceConfig consumer-file-etc-weather-config-json").inputs["data"];
  expect(JSON.parse(Buffer.from(config as string, "base64").toString())).toMatchObject({
    login: { passwordFile: "/run/secrets/page-password" },
  });
  const file = declarations.get("Secret consumer-file-run-secrets-page-password").inputs["data"];
  expect(file).toEqual(new Secret(Buffer.from(madeUp("consumer-page-password")).toString("base64")));
});

test("protect reaches all that holds data: volumes of servers, topics, buckets", async () => {
  const [declarations] = await pipeline({ protect: true });
  const labels = declarations.all.filter(({ protect }) => protect).map(({ label }) => label);
  expect(labels).toEqual(
    expect.arrayContaining([
      ...[1, 2, 3].map((id) => `Volume kafka-kafka${id}-data`),
      ...topicNames.map((name) => `Topic ${name}-topic`),
      ...[
        "Volume influxdb-data",
        "Volume grafana-data",
        "Bucket weather",
        "Bucket weather-analysis-bucket",
        "Bucket weather-telegraf-bucket",
      ],
    ]),
  );
  expect(labels.filter((label) => label.startsWith("Container"))).toEqual([]);
});

test("what is off isn't declared; what stays uses the mirror, the ports and the sizes that were set", async () => {
  const [declarations, outputs] = await pipeline({
    imageRegistry: "mirror.example/hub",
    kafka: { brokers: 1, partitions: 2, firstHostPort: 20_000 },
    influxdb: { bucket: "met", retention: "2 days", hostPort: 20_001 },
    monitor: { enabled: false },
    telegraf: { enabled: false },
    kafdrop: { enabled: false },
    grafana: { enabled: false },
  });
  const names = declarations.ofKind("Container").map(({ inputs }) => inputs["name"]);
  expect(names).toEqual(expect.arrayContaining(["weather-test-kafka1", "weather-test-influxdb"]));
  expect(names.join(" ")).not.toMatch(/kafka2|telegraf|kafdrop|grafana/);
  for (const { inputs } of declarations.ofKind("RemoteImage"))
    expect(inputs["name"]).toMatch(/^mirror\.example\/hub\//);
  for (const { inputs } of declarations.ofKind("Topic"))
    expect(inputs).toMatchObject({ partitions: 2, replicationFactor: 1 });
  expect(declarations.ofKind("Bucket").map(({ inputs }) => inputs)).toEqual([
    expect.objectContaining({ name: "met", retention: "2 days" }),
    expect.objectContaining({ name: "weather_analysis", retention: "2 days" }),
  ]);
  expect(outputs.grafanaPassword).toBeUndefined();
  const pages = await new Promise((resolve) => pulumi.output(outputs.pages).apply(resolve));
  expect(pages).toEqual({ consumer: "http://127.0.0.1:8080" });
});

test("backups, once they are on, go to a folder of the machine, and publish no port", async () => {
  const [off] = await pipeline({});
  expect(off.all.filter(({ name }) => name.startsWith("backup"))).toEqual([]);
  const passphraseFile = path.join(os.tmpdir(), `weather-passphrase-${process.pid}`);
  fs.writeFileSync(passphraseFile, "correct horse\n");
  try {
    const settings = {
      enabled: true,
      to: { kind: "folder", path: "/srv/backups" },
      every: "6 hours",
      keep: 3,
    } as const;
    const [on] = await pipeline({ backup: { ...settings, passphraseFile } });
    const { inputs } = on.get("Container backup-container");
    expect(inputs).toMatchObject({
      volumes: [{ hostPath: "/srv/backups", containerPath: "/var/lib/weather/backups" }],
      ports: [],
      networksAdvanced: ["brokers", "influxdb"].map((network) => ({ name: `weather-test-${network}` })),
    });
    const files = plain(inputs["uploads"]) as { file: string; content: string }[];
    expect(files.map(({ content }) => content)).toEqual(
      expect.arrayContaining([madeUp("influxdb-operator-token"), "correct horse"]),
    );
    const config = files.find(({ file }) => file.endsWith("config.json"))?.content ?? "";
    expect(JSON.parse(config)).toMatchObject({ everyMs: 21_600_000, keep: 3, environment: "weather-test" });
    expect(JSON.stringify(plain({ ...inputs, uploads: [] }))).not.toContain("correct horse");
  } finally {
    fs.rmSync(passphraseFile);
  }
});

test("backups to a bucket have a way out, the access key as a secret file, and no folder", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-bucket-"));
  const credentialsFile = path.join(folder, "credentials");
  const caFile = path.join(folder, "ca.pem");
  fs.writeFileSync(
    credentialsFile,
    "[other]\naws_secret_access_key = of another\n[default]\naws_access_key_id = tester\naws_secret_access_key=pq/+=\n",
  );
  fs.writeFileSync(caFile, "the store's authority");
  try {
    const to = {
      kind: "s3",
      bucket: "backups",
      prefix: "weather",
      endpoint: "https://s3.example:9000",
    } as const;
    const [on] = await pipeline({ backup: { enabled: true, to: { ...to, credentialsFile, caFile } } });
    const { inputs } = on.get("Container backup-container");
    expect(inputs).toMatchObject({ ports: [], volumes: [] });
    expect(inputs["networksAdvanced"]).toContainEqual({ name: "weather-test-front" });
    const files = plain(inputs["uploads"]) as { file: string; content: string }[];
    const content = (end: string) => files.find(({ file }) => file.endsWith(end))?.content ?? "";
    expect(JSON.parse(content("/config.json"))).toMatchObject({
      to: {
        ...to,
        ...{ region: "us-east-1", credentialsFile: "/run/secrets/backup-access-key" },
        caFile: "/etc/weather/backup-store-ca.pem",
      },
    });
    expect(JSON.parse(content("/backup-access-key"))).toEqual({
      ...{ accessKeyId: "tester", secretAccessKey: "pq/+=" },
    });
    expect(content("/backup-store-ca.pem")).toBe("the store's authority");
    const placement = { kind: "swarm" as const, nodes: ["a", "b", "c"] };
    const kafdrop = { enabled: false };
    const backup = { enabled: true, to: { ...to, credentialsFile } };
    const [swarm] = await pipeline({ placement, kafdrop, backup });
    const key = swarm.get("Secret backup-file-run-secrets-backup-access-key").inputs["data"];
    expect(key).toEqual(new Secret(expect.any(String)));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test("a topic is found by its name, and one that isn't there is an error that lists them", async () => {
  await declared(() => {
    const made = new WeatherPipeline("weather");
    expect(made.topic("weather-dlq").topicName).toBe("weather-dlq");
    expect(() => made.topic("rain")).toThrow(
      `the pipeline has no topic rain: its topics are ${topicNames.join(", ")}`,
    );
  });
});

test("faults of all sections are thrown at once, before anything but the pipeline itself is declared", async () => {
  const { all } = await declared(() => {
    expect(
      () =>
        new WeatherPipeline("weather", {
          kafka: { brokers: 2, retention: "7d" as "7 days" },
          grafana: { hostPort: 9_000 },
        }),
    ).toThrow(/kafka\.retention: [^]*kafka\.brokers: [^]*grafana\.hostPort: 9000 is published/);
  });
  expect(all.map(({ label }) => label)).toEqual(["WeatherPipeline weather"]);
});
