import { z } from "zod";
import { httpServer, kafkaConnection, ms, topic } from "../shared/config";

/** Config of the monitor: the cluster it looks at, and what of it is the pipeline's. */
export const monitorConfig = z.strictObject({
  kafka: kafkaConnection.describe("`brokers` names every broker, by the address that it advertises."),
  groups: z
    .array(
      z.strictObject({
        groupId: z.string().min(1, "must not be empty"),
        topics: z.array(topic).min(1, "must name at least one topic"),
      }),
    )
    .default([])
    .describe("Consumer groups whose lag is measured, each with the topics it reads. Default: none."),
  deadLetterTopics: z
    .array(topic)
    .default([])
    .describe("Topics whose recent messages are counted. Default: none."),
  recentMs: ms.default(60_000).describe("A message is recent for so long. Default 60000."),
  intervalMs: ms.default(2_000).describe("Time from one look to the next. Default 2000."),
  answerWithinMs: ms
    .default(2_000)
    .describe("A broker that takes longer for an answer counts as gone. Default 2000."),
  http: httpServer,
});
export type MonitorConfig = z.output<typeof monitorConfig>;
