import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { policyConfigFaults, readPolicyConfig } from "../../policy/environment";
import { evaluate } from "../../policy/evaluate";
import { all } from "../../policy/policies";
import { broker, container, safeStack, topic } from "./safe-stack";

const folder = path.join(__dirname, "../../policy/environments");

test.each(["dev", "staging", "prod", "swarm", "mini"])(
  "%s.json is a configuration of this pack, and takes a safe stack",
  (name) => {
    const config = readPolicyConfig(path.join(folder, `${name}.json`));
    expect(evaluate(safeStack(), config).filter(({ enforcement }) => enforcement === "mandatory")).toEqual(
      [],
    );
  },
);

test("the README lists every policy with its severity", () => {
  const readme = fs.readFileSync(path.join(folder, "../README.md"), "utf8");
  for (const { name, severity } of all) {
    expect(readme).toMatch(new RegExp(`^\\| \`${name}\`[^|]*\\| ${severity} +\\|`, "m"));
  }
});

test("a learning environment takes one broker, and nothing else that is unsafe", () => {
  const config = readPolicyConfig(path.join(folder, "mini.json"));
  const one = {
    KAFKA_CONTROLLER_QUORUM_VOTERS: "1@kafka1:9093",
    KAFKA_DEFAULT_REPLICATION_FACTOR: "1",
    KAFKA_MIN_INSYNC_REPLICAS: "1",
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: "1",
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: "1",
  };
  const single = topic({
    partitions: 1,
    replicationFactor: 1,
    config: { "min.insync.replicas": "1", "retention.ms": "1000" },
  });
  expect(evaluate([broker(one), single], config)).toEqual([]);
  expect(evaluate([broker({ ...one, KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true" })], config)).toHaveLength(1);
});

test("production asks for TLS, protection, and advises digests", () => {
  const config = readPolicyConfig(path.join(folder, "prod.json"));
  const plain = broker({ KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: undefined });
  const found = evaluate([plain, topic({}, { protect: false })], config);
  expect(found.map(({ policy, enforcement }) => `${enforcement} ${policy}`)).toEqual([
    "mandatory network-tls",
    "mandatory kafka-topic-protected",
    "advisory image-digest",
  ]);
});

test("levels: a policy's own before all, mandatory where nothing is said, disabled says nothing", () => {
  const unlimited = [container({ memory: 0, restart: "no" })];
  const levels = (config: Parameters<typeof evaluate>[1]) =>
    evaluate(unlimited, config).map(({ policy, enforcement }) => `${enforcement} ${policy}`);
  expect(levels({})).toEqual(["mandatory memory-limit", "mandatory restart-policy"]);
  expect(levels({ all: "advisory", "restart-policy": "mandatory" })).toEqual([
    "mandatory restart-policy",
    "advisory memory-limit",
  ]);
  expect(levels({ all: { enforcementLevel: "disabled" } })).toEqual([]);
});

test.each<[what: string, config: unknown, propertyPath: string]>([
  ["an unknown policy", { "kafka-voter": "advisory" }, "kafka-voter"],
  ["an unknown level", { "kafka-voters": "off" }, "kafka-voters"],
  [
    "an unknown level of an object",
    { "kafka-voters": { enforcementLevel: "remediate" } },
    "kafka-voters.enforcementLevel",
  ],
  ["an unknown property", { "kafka-voters": { minimun: 3 } }, "kafka-voters.minimun"],
  ["a wrong value", { "kafka-voters": { minimum: 0 } }, "kafka-voters.minimum"],
  ["a wrong type", { "no-docker-socket": { allowed: "portainer" } }, "no-docker-socket.allowed"],
  [
    "a wrong element",
    { "network-loopback-only": { allowedPorts: [443, 70000] } },
    "network-loopback-only.allowedPorts[1]",
  ],
  ["no object", [], ""],
])("refuses %s, with its path", (_what, config, propertyPath) => {
  expect(policyConfigFaults(config).map((fault) => fault.propertyPath)).toEqual([propertyPath]);
});

test("a file with faults says which file and which place; one that isn't JSON says so", () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "policy-")), "own.json");
  fs.writeFileSync(file, '{ "kafka-voters": { "minimum": "three" } }');
  expect(() => readPolicyConfig(file)).toThrow(/own\.json[^]*kafka-voters\.minimum/);
  fs.writeFileSync(file, "{");
  expect(() => readPolicyConfig(file)).toThrow(/own\.json can't be read as JSON/);
  fs.rmSync(path.dirname(file), { recursive: true });
});

test("sixty and some resources are judged within 100 ms", () => {
  const sixty = Array.from({ length: 6 }, (_, copy) =>
    safeStack().map((one) => ({ ...one, urn: `${one.urn}-${copy}` })),
  ).flat();
  evaluate(sixty);
  // The fastest of some: what else the machine does is not what is measured.
  const took = Array.from({ length: 5 }, () => {
    const start = performance.now();
    evaluate(sixty);
    return performance.now() - start;
  });
  expect(sixty).toHaveLength(66);
  expect(Math.min(...took)).toBeLessThan(100);
});
