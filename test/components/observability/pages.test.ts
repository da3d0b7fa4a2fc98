import * as pulumi from "@pulumi/pulumi";
import { InfluxBucket } from "../../../components/influxdb/bucket";
import { InfluxServer } from "../../../components/influxdb/server";
import { KafkaCluster } from "../../../components/kafka/cluster";
import {
  alertsDashboard,
  grafanaJson,
  influxDatasourceUid,
  weatherDashboard,
} from "../../../components/observability/dashboards";
import { Grafana } from "../../../components/observability/grafana";
import { Kafdrop } from "../../../components/observability/kafdrop";
import { KafkaUi } from "../../../components/observability/kafka-ui";
import { type Declarations, declared, madeUp, plain, valueOf } from "../declared";

const placement = { prefix: "weather-test", networks: ["net"] };

interface GrafanaPanel {
  id: number;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { uid: string };
  targets: { query: string }[];
  fieldConfig: { defaults: { unit: string } };
}

let declarations: Declarations;
let grafana: Grafana;
let kafdrop: Kafdrop;
let kafkaUi: KafkaUi;
beforeAll(async () => {
  declarations = await declared(() => {
    const cluster = new KafkaCluster("kafka", { placement, image: "apache/kafka:4.3.1" });
    kafdrop = new Kafdrop("kafdrop", {
      placement,
      image: "obsidiandynamics/kafdrop:4.3.0",
      cluster,
      hostPort: 9_001,
    });
    kafkaUi = new KafkaUi("kafka-ui", { placement, image: "ghcr.io/kafbat/kafka-ui:v1.5.0", cluster });
    const influx = new InfluxServer("influxdb", { placement, image: "influxdb:2.9.1" });
    const { connection } = influx;
    grafana = new Grafana("grafana", {
      ...{ placement, image: "grafana/grafana:12.2.0", influx, protect: true },
      buckets: [new InfluxBucket("weather", { connection, name: "weather", retention: "7 days" })],
      dashboards: [weatherDashboard("weather"), alertsDashboard],
    });
  });
});

const environmentOf = (label: string) => declarations.get(label).inputs["envs"] as string[];

test("Kafdrop shows and changes nothing, after the quorum, on loopback", () => {
  const { inputs } = declarations.get("Container kafdrop-container");
  expect(environmentOf("Container kafdrop-container")).toEqual(
    expect.arrayContaining([
      "KAFKA_BROKERCONNECT=kafka1:9092,kafka2:9092,kafka3:9092",
      expect.stringMatching(
        /^CMD_ARGS=--topic\.deleteEnabled=false --topic\.createEnabled=false --management\.endpoints\.web\.exposure\.include=health$/,
      ),
    ]),
  );
  expect(inputs).toMatchObject({
    ports: [{ internal: 9_000, external: 9_001, ip: "127.0.0.1" }],
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "http:9000/actuator/health" }],
  });
  expect(declarations.isAfter("Container kafdrop-container", "QuorumGate kafka-quorum")).toBe(true);
  expect(kafdrop.url).toBe("http://127.0.0.1:9001");
});

test("Kafka UI asks for a login, whose password is in a file with all else, and changes nothing", async () => {
  const { inputs } = declarations.get("Container kafka-ui-container");
  expect(inputs).toMatchObject({
    envs: [
      "JAVA_OPTS=-Xms64m -Xmx256m",
      "SPRING_CONFIG_ADDITIONALLOCATION=file:/run/secrets/kafka-ui/config.yml",
    ],
    ports: [{ internal: 8_080, external: 8_090, ip: "127.0.0.1" }],
    healthcheck: { tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/actuator/health"] },
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "http:8080/actuator/health" }],
  });
  const [upload] = plain(inputs["uploads"]) as { file: string; content: string }[];
  expect(upload?.file).toBe("/run/secrets/kafka-ui/config.yml");
  expect(JSON.parse(upload?.content ?? "")).toEqual({
    server: { port: 8_080 },
    auth: { type: "LOGIN_FORM" },
    spring: { security: { user: { name: "admin", password: madeUp("kafka-ui-password") } } },
    kafka: {
      clusters: [
        { name: "weather-test", bootstrapServers: "kafka1:9092,kafka2:9092,kafka3:9092", readOnly: true },
      ],
    },
    dynamic: { config: { enabled: false } },
    management: { endpoints: { web: { exposure: { include: "health" } } } },
    springdoc: { "api-docs": { enabled: false }, "swagger-ui": { enabled: false } },
    github: { release: { info: { enabled: false } } },
  });
  expect(declarations.isAfter("Container kafka-ui-container", "QuorumGate kafka-quorum")).toBe(true);
  expect(kafkaUi.url).toBe("http://127.0.0.1:8090");
  expect([await valueOf(kafkaUi.password), await pulumi.isSecret(kafkaUi.password)]).toEqual([
    madeUp("kafka-ui-password"),
    true,
  ]);
});

test.each([
  ["another address", { prefix: "w", networks: ["net"], publishAddress: "192.0.2.9" }],
  ["a Swarm's node", { kind: "swarm" as const, prefix: "w", networks: ["id"], nodes: ["192.0.2.1"] }],
])("Kafdrop, which knows no login, isn't published on %s", async (_, elsewhere) => {
  let refusal: unknown;
  await declared(() => {
    const cluster = new KafkaCluster("kafka", { placement, image: "apache/kafka:4.3.1" });
    try {
      new Kafdrop("kafdrop", { placement: elsewhere, image: "obsidiandynamics/kafdrop:4.3.0", cluster });
    } catch (error) {
      refusal = error;
    }
  });
  expect((refusal as Error).message).toContain("it knows no login");
});

test("Grafana asks for a login, whose password is random, secret and in a file", async () => {
  const { inputs } = declarations.get("Container grafana-container");
  expect(environmentOf("Container grafana-container")).toEqual(
    expect.arrayContaining([
      "GF_AUTH_ANONYMOUS_ENABLED=false",
      "GF_USERS_ALLOW_SIGN_UP=false",
      "GF_SECURITY_ADMIN_PASSWORD__FILE=/run/secrets/admin-password",
    ]),
  );
  expect(plain(inputs["uploads"])).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ file: "/run/secrets/admin-password", content: madeUp("grafana-password") }),
      expect.objectContaining({ file: "/run/secrets/influxdb-token", content: madeUp("grafana-token") }),
    ]),
  );
  expect(await pulumi.isSecret(grafana.password)).toBe(true);
  expect(await valueOf(grafana.password)).toBe(madeUp("grafana-password"));
  expect(inputs).toMatchObject({
    ports: [{ internal: 3_000, external: 3_000, ip: "127.0.0.1" }],
    user: "472:0",
  });
  expect(declarations.get("Volume grafana-data")).toMatchObject({
    protect: true,
    inputs: { name: "weather-test-grafana-data" },
  });
});

test("the datasource reads the listed buckets with a token in a file, under the uid that dashboards name", () => {
  const uploads = plain(declarations.get("Container grafana-container").inputs["uploads"]) as {
    file: string;
    content: string;
  }[];
  const json = (file: string) =>
    JSON.parse(uploads.find((one) => one.file === file)?.content ?? "") as unknown;
  expect(json("/etc/grafana/provisioning/datasources/influxdb.yaml")).toMatchObject({
    datasources: [
      {
        uid: influxDatasourceUid,
        url: "http://influxdb:8086",
        jsonData: { version: "Flux", organization: "myorg", defaultBucket: "weather" },
        secureJsonData: { token: "$__file{/run/secrets/influxdb-token}" },
      },
    ],
  });
  expect(json("/etc/grafana/provisioning/dashboards/pipeline.yaml")).toMatchObject({
    providers: [{ type: "file", options: { path: "/etc/grafana/dashboards" } }],
  });
  expect(json("/etc/grafana/dashboards/weather.json")).toMatchObject({ uid: "weather" });
  expect(json("/etc/grafana/dashboards/alerts.json")).toMatchObject({ uid: "alerts" });
  expect(declarations.get("Token grafana-token").inputs["permissions"]).toEqual([
    { action: "read", bucket: "weather-id" },
    { action: "read", allOf: "orgs" },
  ]);
});

test.each([weatherDashboard("met"), alertsDashboard])(
  "the dashboard $title: panels two abreast, none over another",
  (spec) => {
    const { panels, uid } = JSON.parse(grafanaJson(spec)) as { panels: GrafanaPanel[]; uid: string };
    expect(uid).toBe(spec.uid);
    expect(panels).toHaveLength(spec.panels.length);
    for (const [index, panel] of panels.entries()) {
      expect(panel).toMatchObject({
        id: index + 1,
        title: spec.panels[index]?.title,
        datasource: { uid: influxDatasourceUid },
        fieldConfig: { defaults: { unit: spec.panels[index]?.unit } },
        targets: [{ query: spec.panels[index]?.query }],
      });
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
    }
    const cells = panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(new Set(cells).size).toBe(cells.length);
  },
);

test("the weather's panels ask its bucket, the alerts' InfluxDB's own", () => {
  for (const { query } of weatherDashboard("met").panels) expect(query).toContain('from(bucket: "met")');
  for (const { query } of alertsDashboard.panels) expect(query).toContain('from(bucket: "_monitoring")');
  expect(weatherDashboard("met").panels.map(({ unit }) => unit)).toEqual([
    "celsius",
    "pressurehpa",
    "velocityms",
    "cps",
  ]);
});
