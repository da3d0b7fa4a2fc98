import { table } from "../table";
import { type TopicStatus } from "./kafka";
import { type StackStatus } from "./status";

const figure = (value: number | null) => (value === null ? "?" : value.toLocaleString("en"));

/** A stack's status as text for a terminal. */
export function renderStatus(status: StackStatus): string {
  const pages = table(
    ["PAGE", "ADDRESS"],
    status.pages.map(({ name, url }) => [name, url]),
  );
  const services = table(
    ["SERVICE", "STATE", "HEALTHY", "RESTARTS", "PUBLISHED AT"],
    status.services.map(({ name, state, healthy, restarts, endpoints }) => [
      name,
      state,
      healthy === undefined ? "-" : healthy ? "yes" : "no",
      String(restarts),
      endpoints.join(" "),
    ]),
  );
  const kafka =
    "error" in status.kafka
      ? `Kafka: ${status.kafka.error}`
      : [
          `Kafka: brokers ${status.kafka.brokers.join(", ")}; controller ${status.kafka.leader} leads`,
          topicTable(status.kafka.topics),
        ].join("\n");
  const influxdb =
    "error" in status.influxdb
      ? `InfluxDB: ${status.influxdb.error}`
      : [
          `InfluxDB: buckets ${status.influxdb.buckets.join(", ")}`,
          table(
            ["CHECK", "STATUS", "LEVEL"],
            status.influxdb.checks.map(({ name, status: active, level }) => [name, active, level ?? "-"]),
          ),
        ].join("\n");
  return [
    `Stack ${status.stack} (${status.target})`,
    pages,
    services,
    kafka,
    influxdb,
    renderFlow(status),
  ].join("\n\n");
}

/** Topics as the cluster has them. */
export function topicTable(topics: readonly TopicStatus[]): string {
  return table(
    ["TOPIC", "PARTITIONS", "REPLICAS", "MIN ISR", "UNDER-REPLICATED", "MESSAGES"],
    topics.map(({ name, partitions, replicationFactor, minInsyncReplicas, underReplicated, messages }) => [
      name,
      ...[partitions, replicationFactor, minInsyncReplicas, underReplicated, messages].map(figure),
    ]),
  );
}

/** What moves, for the terminal of a run in the foreground: services that aren't well, the topics, and the flow. */
export function renderMoving(status: StackStatus): string {
  const unwell = status.services
    .filter(({ state, healthy }) => state !== "running" || healthy === false)
    .map(
      ({ name, state, healthy }) =>
        `${name} is ${state === "running" && healthy === false ? "unhealthy" : state}.`,
    );
  const kafka = "error" in status.kafka ? `Kafka: ${status.kafka.error}` : topicTable(status.kafka.topics);
  return [...unwell, kafka, renderFlow(status)].join("\n");
}

/** The flow in one line. */
export function renderFlow({ flow }: StackStatus): string {
  return `Flow: ${figure(flow.injected)} points injected -> ${figure(flow.published)} published -> ${figure(flow.consumed)} consumed; lag ${figure(flow.lag)}, dead letters ${figure(flow.deadLettered)}`;
}
