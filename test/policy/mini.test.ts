import * as path from "node:path";
import { plan } from "../../embedded/plan";
import { policyViolations } from "../../embedded/policy-check";
import { type Registration } from "../../embedded/program";

const projectRoot = path.resolve(__dirname, "../..");
let planned: Registration[];

beforeAll(async () => {
  planned = await plan({ projectRoot, stack: "mini", overrides: {} });
}, 120_000);

const refusedBy = (stack: string) => [
  ...new Set(
    policyViolations(projectRoot, stack, planned)
      .filter(({ enforcement }) => enforcement === "mandatory")
      .map(({ policy }) => policy),
  ),
];

test("the stack for learning is one broker, Kafka UI and MongoDB, and its own policies take it", () => {
  const containers = planned
    .filter(({ type }) => type === "docker:index/container:Container")
    .map(({ inputs }) => String(inputs["name"]).replace("weather-mini-", ""));
  expect(containers.sort()).toEqual(
    ["consumer", "documents", "inject", "influxdb", "kafka-ui", "kafka1", "mongodb", "producer"].sort(),
  );
  expect(refusedBy("mini")).toEqual([]);
});

test.each(["dev", "staging", "prod", "swarm"])(
  "anywhere else, as %s, one broker without copies is refused",
  (stack) => {
    expect(refusedBy(stack)).toEqual(
      expect.arrayContaining([
        "kafka-replication",
        "kafka-min-isr",
        "kafka-voters",
        "kafka-topic-replication",
      ]),
    );
  },
);
