import { type PlanStep } from "../../commands/preview-plan";
import { shrinkVerdict } from "../../commands/shrink";
import { recorded, recordings } from "./recorded";

const topics = ["weather-alerts-topic", "weather-dlq-topic", "weather-telegraf-topic", "weather-topic"];

/** Refused resources of each recorded preview. */
const refusedOf: Record<string, string[]> = {
  "brokers-removed": [
    "kafka-kafka2-container",
    "kafka-kafka2-data",
    "kafka-kafka3-container",
    "kafka-kafka3-data",
    ...topics,
  ],
  "first-deployment": [],
  "partitions-lowered": topics,
  "partitions-lowered-allowed": ["weather-alerts-topic"],
  "partitions-raised": [],
  "replication-lowered": topics,
  "telegraf-off": ["weather-telegraf-bucket"],
  unchanged: [],
  "volume-replaced": ["influxdb-data"],
};

test("there is an expectation for every recording", () => {
  expect(Object.keys(refusedOf).sort()).toEqual([...recordings].sort());
});

test.each(recordings)("recorded preview %s: exactly what would lose data is refused", (name) => {
  const { refused } = shrinkVerdict(recorded(name));
  expect(refused.map(({ resource }) => resource).sort()).toEqual(refusedOf[name]);
});

test.each([
  [
    "partitions-lowered",
    "weather-topic",
    "partitions would go from 4 to 3: Kafka can't take partitions away",
  ],
  ["replication-lowered", "weather-topic", "the replication factor would go from 3 to 2, below 3"],
  ["brokers-removed", "kafka-kafka2-container", "node 2 holds one of the 3 votes of the controller quorum"],
  ["brokers-removed", "kafka-kafka2-data", "the volume would be deleted, with all that is on it"],
  ["volume-replaced", "influxdb-data", "the volume would be deleted and made anew"],
  ["telegraf-off", "weather-telegraf-bucket", "the bucket would be deleted, with all its points"],
])("recorded preview %s says why %s is refused", (name, resource, reason) => {
  const { refused } = shrinkVerdict(recorded(name));
  expect(refused.find((loss) => loss.resource === resource)?.reason).toContain(reason);
});

test("the stack's allowDataLoss is read from the plan, and what it names in vain is told", () => {
  const { allowed, unused } = shrinkVerdict(recorded("partitions-lowered-allowed"));
  expect(allowed.map(({ resource }) => resource).sort()).toEqual([
    "weather-dlq-topic",
    "weather-telegraf-topic",
    "weather-topic",
  ]);
  expect(unused).toEqual(["influxdb-data"]);
});

const state = (inputs: Record<string, unknown>, retainOnDelete = false) => ({ inputs, retainOnDelete });

function step(op: PlanStep["op"], type: string, name: string, rest: Partial<PlanStep>): PlanStep {
  return { op, type, name, urn: `urn:pulumi:s::p::${type}::${name}`, changed: [], replacedBy: [], ...rest };
}

const topicType = "kafka:index/topic:Topic";
const node = (id: number, roles: string, voters: string) =>
  state({
    envs: [`KAFKA_PROCESS_ROLES=${roles}`, `KAFKA_NODE_ID=${id}`, `KAFKA_CONTROLLER_QUORUM_VOTERS=${voters}`],
  });
const trio = "1@kafka1:9093,2@kafka2:9093,3@kafka3:9093";
const container = "docker:index/container:Container";

interface Case {
  what: string;
  steps: PlanStep[];
  refused: string[];
}

const cases: Case[] = [
  {
    what: "a topic whose partitions aren't known at preview",
    steps: [
      step("update", topicType, "t", {
        before: state({ partitions: 4, replicationFactor: 3 }),
        after: state({ partitions: "04da6b54-80e4-46f7-96ec-b56ff0331ba9", replicationFactor: 3 }),
      }),
    ],
    refused: ["t"],
  },
  {
    what: "five replicas lowered to three",
    steps: [
      step("update", topicType, "t", {
        before: state({ partitions: 4, replicationFactor: 5 }),
        after: state({ partitions: 4, replicationFactor: 3 }),
      }),
    ],
    refused: [],
  },
  {
    what: "one replica raised to two",
    steps: [
      step("update", topicType, "t", {
        before: state({ partitions: 4, replicationFactor: 1 }),
        after: state({ partitions: 4, replicationFactor: 2 }),
      }),
    ],
    refused: [],
  },
  {
    what: "a renamed topic",
    steps: [
      step("replace", topicType, "t", {
        before: state({ name: "a", partitions: 4, replicationFactor: 3 }),
        after: state({ name: "b", partitions: 4, replicationFactor: 3 }),
      }),
    ],
    refused: ["t"],
  },
  {
    what: "a volume that Docker keeps when Pulumi lets go of it",
    steps: [step("delete", "docker:index/volume:Volume", "v", { before: state({}, true) })],
    refused: [],
  },
  {
    what: "a broker that is replaced and keeps its vote",
    steps: [
      step("replace", container, "b", {
        before: node(2, "broker,controller", trio),
        after: node(2, "broker,controller", trio),
      }),
    ],
    refused: [],
  },
  {
    what: "a broker that is no controller any more",
    steps: [
      step("replace", container, "b", {
        before: node(2, "broker,controller", trio),
        after: node(2, "broker", "1@kafka1:9093,3@kafka3:9093"),
      }),
    ],
    refused: ["b"],
  },
  {
    what: "a voter whose resource was renamed",
    steps: [
      step("delete", container, "old", { before: node(2, "broker,controller", trio) }),
      step("create", container, "new", { after: node(2, "broker,controller", trio) }),
    ],
    refused: [],
  },
  {
    what: "a broker without a vote, and a container that is no broker",
    steps: [
      step("delete", container, "b", { before: node(4, "broker", trio) }),
      step("delete", container, "c", { before: state({ envs: "[secret]" }) }),
    ],
    refused: [],
  },
  {
    what: "a voter of a Swarm service",
    steps: [
      step("delete", "docker:index/service:Service", "s", {
        before: state({
          taskSpec: {
            containerSpec: {
              env: {
                KAFKA_PROCESS_ROLES: "controller",
                KAFKA_NODE_ID: "1",
                KAFKA_CONTROLLER_QUORUM_VOTERS: trio,
              },
            },
          },
        }),
      }),
    ],
    refused: ["s"],
  },
];

test.each(cases)("$what: refused are $refused", ({ steps, refused }) => {
  expect(shrinkVerdict({ steps, config: {} }).refused.map(({ resource }) => resource)).toEqual(refused);
});
