import { z } from "zod";
import { httpServer, influxdbConnection, kafkaConnection, ms, topic } from "../shared/config";

/** Config of the producer: the bucket it reads and the topic it publishes to. */
export const producerConfig = z.strictObject({
  influxdb: influxdbConnection,
  measurement: z
    .string()
    .min(1, "must name the measurement")
    .default("weather")
    .describe('Default "weather".'),
  kafka: kafkaConnection,
  topic: topic
    .default("weather")
    .describe('Topic of the weather messages; it is also the producer\'s memory. Default "weather".'),
  deadLetterTopic: topic
    .default("weather-dlq")
    .describe('Topic of points that are no weather message. Default "weather-dlq".'),
  recoveryGroupPrefix: z
    .string()
    .min(1, "must not be empty")
    .default("weather-producer-")
    .describe(
      "The consumer groups it reads its memory with start like this; an ACL must let it read them. Default weather-producer-.",
    ),
  pollMs: ms.default(100).describe("Pause between two looks for new points. Default 100."),
  lateArrivalMs: ms
    .min(2_000, "must be at least 2000 ms")
    .default(120_000)
    .describe(
      "A point is found even if it arrives this much after a newer one was published. Default 120000.",
    ),
  http: httpServer,
});
export type ProducerConfig = z.output<typeof producerConfig>;
