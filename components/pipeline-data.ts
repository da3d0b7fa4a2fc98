import { type DataHolder } from "./data-loss";
import { controllerCount } from "./kafka/cluster";
import { pipelineTopics, type Settings } from "./settings";

/** All that keeps data in a pipeline of these settings, by the names that its components give: what its `ShrinkGuard` watches. */
export function pipelineData(settings: Settings): DataHolder[] {
  const { brokers } = settings.kafka;
  const controllers = controllerCount(settings.kafka);
  const replicationFactor = settings.kafka.replicationFactor ?? Math.min(3, brokers);
  const nodeIds = Array.from({ length: brokers }, (_, index) => index + 1);
  const volume = (resource: string): DataHolder => ({ kind: "volume", resource });
  const bucket = (resource: string): DataHolder => ({ kind: "bucket", resource });
  return [
    ...nodeIds.slice(0, controllers).map((nodeId): DataHolder => ({
      kind: "voter",
      resource: `kafka-kafka${nodeId}-${settings.placement.kind === "swarm" ? "service" : "container"}`,
      nodeId,
      voters: controllers,
    })),
    ...nodeIds.map((nodeId) => volume(`kafka-kafka${nodeId}-data`)),
    ...pipelineTopics(settings).map((topic): DataHolder => ({
      kind: "topic",
      resource: `${topic.name}-topic`,
      partitions: topic.partitions ?? settings.kafka.partitions,
      replicationFactor: topic.replicationFactor ?? replicationFactor,
    })),
    volume("influxdb-data"),
    bucket("weather"),
    bucket("weather-analysis-bucket"),
    ...(settings.telegraf.enabled ? [bucket("weather-telegraf-bucket")] : []),
    ...(settings.monitor.enabled ? [bucket("pipeline-bucket")] : []),
    ...(settings.inject.enabled ? [volume("inject-spool")] : []),
    ...(settings.documents.enabled ? [volume("mongodb-data")] : []),
    ...(settings.grafana.enabled ? [volume("grafana-data")] : []),
  ];
}
