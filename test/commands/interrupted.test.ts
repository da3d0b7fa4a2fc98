import { type ExportedState, orphansOf } from "../../commands/interrupted";
import { kafkaOf, missingTopics } from "../../commands/orphan-topics";

const container = (name: string) => ({
  ...{ urn: `urn::${name}`, type: "docker:index/container:Container" },
  inputs: { name },
});
const state = (
  pending: { type: string; resource: ReturnType<typeof container> }[],
  known: string[] = [],
): ExportedState => ({
  deployment: {
    resources: known.map((name) => ({ ...container(name), outputs: { name } })),
    pending_operations: pending,
  },
});

test.each<[what: string, state: ExportedState, orphans: { kind: string; name: string }[]]>([
  ["nothing was under way", state([]), []],
  ["there is no state yet", { deployment: {} }, []],
  [
    "a container was being made",
    state([{ type: "creating", resource: container("weather-dev-kafka1") }]),
    [{ kind: "container", name: "weather-dev-kafka1" }],
  ],
  [
    "a network was being made",
    state([
      { type: "creating", resource: { ...container("weather-dev"), type: "docker:index/network:Network" } },
    ]),
    [{ kind: "network", name: "weather-dev" }],
  ],
  [
    "a container of that name is in the state: it's the one that is to be kept",
    state([{ type: "creating", resource: container("weather-dev-kafka1") }], ["weather-dev-kafka1"]),
    [],
  ],
  [
    "a container was being deleted or changed",
    state([
      { type: "deleting", resource: container("a") },
      { type: "updating", resource: container("b") },
    ]),
    [],
  ],
  [
    "a volume was being made: it is never removed",
    state([{ type: "creating", resource: { ...container("data"), type: "docker:index/volume:Volume" } }]),
    [],
  ],
])("where %s", (_what, given, orphans) => {
  expect(orphansOf(given)).toEqual(orphans);
});

test("topics are looked for where the state has a Kafka provider and lacks some of the pipeline's", () => {
  const provider = {
    ...{ urn: "urn::provider", type: "pulumi:providers:kafka" },
    inputs: { bootstrapServers: '["127.0.0.1:19092"]' },
  };
  const topic = (name: string) => ({
    ...{ urn: `urn::${name}`, type: "kafka:index/topic:Topic" },
    outputs: { name },
  });
  const stateOf = (...resources: object[]): ExportedState => ({
    deployment: { resources: resources as NonNullable<ExportedState["deployment"]["resources"]> },
  });
  const missing = (...resources: object[]) => missingTopics(stateOf(...resources));
  expect(missing(topic("weather"))).toEqual([]);
  expect(kafkaOf(stateOf(topic("weather")))).toBeUndefined();
  expect(missing(provider, topic("weather"), topic("weather-alerts"))).toEqual([
    "weather-telegraf",
    "weather-retry",
    "weather-dlq",
  ]);
  expect(kafkaOf(stateOf(provider))).toEqual({ bootstrapServers: ["127.0.0.1:19092"] });
  const withTls = {
    ...provider,
    inputs: {
      ...provider.inputs,
      caCert: { plaintext: '"the authority"' },
      clientCert: "the certificate",
      clientKey: { plaintext: '"the key"' },
    },
  };
  expect(kafkaOf(stateOf(withTls))).toMatchObject({
    kafkaTls: { ca: "the authority", cert: "the certificate", key: "the key" },
  });
  const all = ["weather", "weather-telegraf", "weather-retry", "weather-dlq", "weather-alerts"].map(topic);
  expect(missing(provider, ...all)).toEqual([]);
});
