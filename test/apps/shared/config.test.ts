import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consumerConfig } from "../../../apps/consumer/config";
import { injectConfig } from "../../../apps/inject/config";
import { producerConfig } from "../../../apps/producer/config";
import { ConfigError, readConfig, readSecret } from "../../../apps/shared/lifecycle";

const directory = mkdtempSync(join(tmpdir(), "weather-config-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const influxdb = {
  url: "http://influxdb:8086",
  org: "myorg",
  bucket: "weather",
  tokenFile: "/run/secrets/token",
};
const kafka = { brokers: ["kafka1:9092"] };

function file(value: unknown): string {
  const path = join(directory, "config.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

test("the least config is completed with its defaults", () => {
  expect(readConfig(file({ source: { kind: "simulate" }, influxdb }), injectConfig)).toMatchObject({
    source: { seed: 1, stations: 50, pointsPerSecond: 50 },
    flushMs: 1_000,
    http: { port: 8_080, host: "0.0.0.0" },
  });
  expect(readConfig(file({ influxdb, kafka }), producerConfig)).toMatchObject({
    topic: "weather",
    deadLetterTopic: "weather-dlq",
    pollMs: 100,
    lateArrivalMs: 120_000,
  });
  expect(readConfig(file({ kafka, alerts: { tokenFile: "/t" } }), consumerConfig)).toMatchObject({
    groupId: "weather-analysis",
    alerts: { topic: "weather-alerts", repeatAfterMs: 600_000 },
    statistics: { minPoints: 30 },
  });
});

test.each([
  [
    { influxdb, kafka: { brokers: ["kafka1"] } },
    'kafka.brokers[0]: must be "host:port", such as "kafka1:9092"',
  ],
  [{ influxdb, kafka: { brokers: [] } }, "kafka.brokers: must name at least one broker"],
  [{ kafka }, "influxdb: is missing"],
  [
    { influxdb: { ...influxdb, url: "influxdb:8086" }, kafka },
    'influxdb.url: must be an http or https address, such as "http://influxdb:8086"',
  ],
  [
    { influxdb, kafka, topic: "a b" },
    "topic: must be 1..249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'",
  ],
  [{ influxdb, kafka, lateArrivalMs: 10 }, "lateArrivalMs: must be at least 2000 ms"],
  [{ influxdb, kafka, http: { port: 70_000 } }, "http.port: must be 1..65535"],
  [{ influxdb, kafka, toppic: "weather" }, 'config: Unrecognized key: "toppic"'],
])("a wrong config %j is told by path and reason", (config, fault) => {
  const path = file(config);
  expect(() => readConfig(path, producerConfig)).toThrow(new ConfigError(`${path}: ${fault}`));
});

test("an unknown source of inject is told with those there are", () => {
  const path = file({ source: { kind: "mars" }, influxdb });
  expect(() => readConfig(path, injectConfig)).toThrow(
    `${path}: source.kind: kind must be "simulate" or "seattle"`,
  );
});

test("what isn't JSON, or isn't there, is told with the file", () => {
  expect(() => readConfig(file("{"), injectConfig)).toThrow(ConfigError);
  expect(() => readConfig("/nowhere/config.json", injectConfig)).toThrow(
    /^\/nowhere\/config\.json: .*ENOENT/,
  );
  expect(() => readConfig(undefined, injectConfig)).toThrow("the path of the config file is missing");
  expect(() => readSecret("influxdb.tokenFile", "/nowhere/token")).toThrow(
    /^influxdb\.tokenFile: can't be read: .*ENOENT/,
  );
  expect(() => readSecret("influxdb.tokenFile", file("\n"))).toThrow(/^influxdb.tokenFile: .* is empty$/);
});

test("a program with a config that doesn't fit ends with 2 and no stack trace", () => {
  const path = file({ source: { kind: "simulate" } });
  const main = join(__dirname, "../../../apps/inject/main.ts");
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", main, path], {
    encoding: "utf8",
  });
  expect(stderr.trim()).toBe(`${path}: influxdb: is missing`);
  expect(status).toBe(2);
});
