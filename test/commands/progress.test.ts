import { Progress } from "../../commands/progress";
import { type SupervisorEvent } from "../../embedded/supervisor";

/** The lines that events give, without the seconds before them. */
function lines(...events: SupervisorEvent[]): string[] {
  let text = "";
  const progress = new Progress({ write: (part) => (text += part) });
  for (const event of events) progress.show(event);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => line.replace(/^ +\d+\.\d s {2}/, ""));
}

const resource = (
  type: string,
  name: string,
  phase: "begin" | "done" | "left out",
  durationMs = 0,
): SupervisorEvent => ({
  ...{ kind: "resource", type, name, phase, durationMs },
});

const container = "docker:index/container:Container";

test.each<[SupervisorEvent, string[]]>([
  [{ kind: "phase", text: "starting" }, ["starting"]],
  [{ kind: "acquire", item: "kafka-4.3.1", phase: "ready" }, ["kafka-4.3.1: ready"]],
  [{ kind: "acquire", item: "influxd", phase: "building", detail: "2 min" }, ["influxd: building (2 min)"]],
  [resource(container, "kafka-kafka1-container", "begin"), []],
  [resource(container, "kafka-kafka1-container", "done", 1_249), ["started kafka-kafka1 in 1.2 s"]],
  [resource(container, "kafka-kafka1-container", "done", 99), ["started kafka-kafka1"]],
  [resource(container, "kafdrop-container", "left out"), []],
  [resource("kafka:index/topic:Topic", "weather-topic", "done"), ["topic weather"]],
  [resource("docker:index/image:Image", "inject-image", "done"), ["bundled inject"]],
  [
    resource("pulumi-nodejs:dynamic/kafka:QuorumGate", "q", "begin"),
    ["waiting for the brokers to form a quorum"],
  ],
  [
    resource("pulumi-nodejs:dynamic/influxdb:Bucket", "weather", "done", 250),
    ["InfluxDB Bucket weather in 0.3 s"],
  ],
  [resource("docker:index/volume:Volume", "data", "done"), []],
  [{ kind: "up", outputs: {}, services: [], leftOut: [] }, ["up: 0 services"]],
  [
    { kind: "up", outputs: {}, services: [], leftOut: ["kafdrop", "grafana"] },
    ["up: 0 services", "not in the embedded run, which has no driver for their images: kafdrop, grafana"],
  ],
  [{ kind: "failed", message: "no" }, []],
  [{ kind: "ended" }, []],
])("%j", (event, expected) => {
  expect(lines(event)).toEqual(expected);
});
