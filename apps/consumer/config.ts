import { z } from "zod";
import { httpServer, influxdbConnection, kafkaConnection, ms, topic } from "../shared/config";

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
  retryTopic: topic
    .default("weather-retry")
    .describe('Topic of effects that wait for their next attempt. Default "weather-retry".'),
  anomalies: z
    .strictObject({
      influxdb: influxdbConnection,
      maxAttempts: count
        .min(1, "must be at least 1")
        .default(15)
        .describe("Then the message becomes a dead letter. Default 15, about ten minutes."),
      firstDelayMs: ms
        .default(1_000)
        .describe("Wait after the first failed attempt, doubled after each further one. Default 1000."),
      maxDelayMs: ms.default(60_000).describe("Longest wait between two attempts. Default 60000."),
    })
    .optional()
    .describe("The bucket that anomalies are written to. Default: none, they are counted and shown only."),
  statistics: z
    .strictObject({
      windowMs: ms
        .default(600_000)
        .describe(
          "Statistics cover this much event time, in which a message that comes again is recognised. Default 600000, 10 minutes.",
        ),
      windowPoints: count
        .min(2, "must be at least 2")
        .default(3_600)
        .describe("... and at most this many points a station, 48 bytes each. Default 3600."),
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
  login: z
    .strictObject({
      passwordFile: z.string().min(1, "must be the path of a file inside the container"),
    })
    .optional()
    .describe(
      "Asks for the user `weather` and this password (HTTP basic) but at /healthz, /metrics and /alerts. Default: none.",
    ),
  http: httpServer,
});
export type ConsumerConfig = z.output<typeof consumerConfig>;
