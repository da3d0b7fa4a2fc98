import { z } from "zod";
import { httpServer, kafkaConnection, ms, topic } from "../shared/config";

const count = z.int("must be a whole number");

/** Config of the consumer: the topics, the statistics it keeps, and how alerts are folded. */
export const consumerConfig = z.strictObject({
  kafka: kafkaConnection,
  groupId: z
    .string()
    .min(1, "must not be empty")
    .default("weather-analysis")
    .describe('Consumer group. Default "weather-analysis".'),
  topic: topic.default("weather").describe('Topic of the weather messages. Default "weather".'),
  deadLetterTopic: topic
    .default("weather-dlq")
    .describe('Topic of messages that can\'t be used. Default "weather-dlq".'),
  statistics: z
    .strictObject({
      windowMs: ms
        .default(600_000)
        .describe("Statistics cover this much event time. Default 600000, 10 minutes."),
      windowPoints: count
        .min(2, "must be at least 2")
        .default(3_600)
        .describe("... and at most this many points a station. Default 3600."),
      minPoints: count
        .min(2, "must be at least 2")
        .default(30)
        .describe("Nothing is called an anomaly before so many points. Default 30."),
      anomalyDeviations: z
        .number("must be a number")
        .positive("must be above 0")
        .default(4)
        .describe("Standard deviations from the mean beyond which a value is an anomaly. Default 4."),
    })
    .prefault({}),
  duplicateWindowPoints: count
    .min(1, "must be at least 1")
    .default(5_000)
    .describe("A repeated message is recognised among so many of its station. Default 5000."),
  alerts: z
    .strictObject({
      tokenFile: z
        .string()
        .min(1, "must be the path of a file inside the container")
        .describe("File with the bearer token InfluxDB shows."),
      topic: topic.default("weather-alerts").describe('Topic of the alerts. Default "weather-alerts".'),
      repeatAfterMs: ms
        .default(600_000)
        .describe(
          "An alert that says the same as the last of its check and tags is published again only after this. Default 600000.",
        ),
    })
    .describe("The webhook POST /alerts, for InfluxDB's notification endpoint."),
  http: httpServer,
});
export type ConsumerConfig = z.output<typeof consumerConfig>;
