import { z } from "zod";
import { httpServer, kafkaConnection, ms, topic } from "../shared/config";

const file = z.string().min(1, "must be the path of a file inside the container");

/** Config of the document sink: the topic it reads, and the collection it fills. */
export const documentsConfig = z.strictObject({
  kafka: kafkaConnection,
  groupId: z
    .string()
    .min(1, "must not be empty")
    .default("weather-documents")
    .describe('Consumer group. Default "weather-documents".'),
  topic: topic.default("weather").describe('Topic of the weather messages. Default "weather".'),
  mongodb: z.strictObject({
    url: z
      .string()
      .regex(
        /^mongodb(\+srv)?:\/\/[^@/\s]+$/,
        'must be an address without a login in it, such as "mongodb://mongodb:27017"',
      ),
    database: z.string().min(1, "must not be empty").default("weather").describe('Default "weather".'),
    collection: z.string().min(1, "must not be empty").default("weather").describe('Default "weather".'),
    login: z
      .strictObject({
        username: z.string().min(1, "must not be empty"),
        passwordFile: file.describe("File that holds the password, and nothing else."),
      })
      .optional()
      .describe("A user of the database. Default: none, for a server without access control."),
    caFile: file
      .optional()
      .describe("PEM of the authority behind MongoDB's certificate. Default: none, a plain connection."),
    answerWithinMs: ms
      .default(5_000)
      .describe("A write that takes longer counts as failed, and is done again. Default 5000."),
  }),
  http: httpServer,
});
export type DocumentsConfig = z.output<typeof documentsConfig>;
