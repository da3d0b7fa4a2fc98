import { type ProgramRights } from "./kafka/acl";
import { pipelineTopics, type Settings } from "./settings";

/** The consumer's group in Kafka. */
export const consumerGroup = "weather-analysis";

/** The document sink's group in Kafka. */
export const documentsGroup = "weather-documents";

/** Begins the groups in which the producer reads its own topic after a start: `recoveryGroupPrefix` of its configuration. */
const recoveryGroups = { prefix: "weather-producer-" };

const mebibyte = 1_048_576;

/**
 * What each program of the pipeline may do in Kafka, and how fast: the one table of it. A program that isn't in it can connect, and
 * do nothing.
 *
 * Quotas hold for each broker, and stand far above what was measured for the programs (60 to 150 thousand messages of 110 bytes a
 * second over three brokers): they keep one program that runs wild from starving the others.
 */
export function pipelineRights(settings: Settings): ProgramRights[] {
  const topics = pipelineTopics(settings).map(({ name }) => name);
  const readers = [
    { name: consumerGroup },
    { name: "telegraf-to-influxdb" },
    ...(settings.documents.enabled ? [{ name: documentsGroup }] : []),
  ];
  return [
    {
      principal: "producer",
      // The topics are its memory, too.
      reads: ["weather", "weather-dlq"],
      writes: ["weather", "weather-dlq"],
      groups: [recoveryGroups],
      quota: { writeBytesPerSecond: 32 * mebibyte, readBytesPerSecond: 128 * mebibyte },
    },
    {
      principal: "consumer",
      reads: ["weather", "weather-retry"],
      writes: ["weather-retry", "weather-dlq", "weather-alerts"],
      groups: [{ name: consumerGroup }],
      quota: { writeBytesPerSecond: 16 * mebibyte, readBytesPerSecond: 128 * mebibyte },
    },
    ...(settings.telegraf.enabled
      ? [
          {
            principal: "telegraf-to-kafka",
            writes: ["weather-telegraf"],
            quota: { writeBytesPerSecond: 32 * mebibyte },
          },
          {
            principal: "telegraf-to-influxdb",
            reads: ["weather-telegraf"],
            groups: [{ name: "telegraf-to-influxdb" }],
            quota: { readBytesPerSecond: 64 * mebibyte },
          },
        ]
      : []),
    ...(settings.monitor.enabled
      ? [
          {
            principal: "monitor",
            describes: topics,
            describesGroups: readers,
          },
        ]
      : []),
    ...(settings.backup.enabled
      ? [
          {
            principal: "backup",
            reads: topics,
            describes: topics,
            groups: [{ prefix: "weather-backup-" }],
            describesGroups: readers,
          },
        ]
      : []),
    ...(settings.kafdrop.enabled
      ? [
          {
            principal: "kafdrop",
            reads: topics,
            describes: topics,
            describesGroups: [recoveryGroups, ...readers],
            quota: { readBytesPerSecond: 16 * mebibyte },
          },
        ]
      : []),
    ...(settings.kafkaUi.enabled
      ? [
          {
            principal: "kafka-ui",
            reads: topics,
            describes: topics,
            describesGroups: [recoveryGroups, ...readers],
            quota: { readBytesPerSecond: 16 * mebibyte },
          },
        ]
      : []),
    ...(settings.documents.enabled
      ? [
          {
            principal: "documents",
            reads: ["weather"],
            groups: [{ name: documentsGroup }],
            quota: { readBytesPerSecond: 128 * mebibyte },
          },
        ]
      : []),
  ];
}
