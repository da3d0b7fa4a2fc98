import { z } from "zod";
import { httpServer, influxdbConnection, kafkaConnection, ms } from "../shared/config";

const file = z.string().min(1, "must be the path of a file inside the container");

/** What says which bucket of which store backups go to, and how it's asked. */
export const s3Place = z.strictObject({
  kind: z.literal("s3"),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be 3..63 of the characters a-z, 0-9, '.' and '-'"),
  prefix: z
    .string()
    .regex(
      /^([\w!.*'()-]+(\/[\w!.*'()-]+)*)?$/,
      'must be names with "/" between them, such as "weather/prod"',
    )
    .default("")
    .describe("Begins the objects' names. Default: none."),
  region: z.string().min(1, "must name the region").default("us-east-1").describe("Default us-east-1."),
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address, such as "https://s3.example"' })
    .optional()
    .describe("The store's address. Default: Amazon S3's own."),
  forcePathStyle: z
    .boolean("must be true or false")
    .optional()
    .describe(
      "Whether the bucket stands in the path, not in the host's name. Default: where there is an endpoint.",
    ),
});

/** The access key of a store, in the file that the backup program reads it from. */
export const s3Credentials = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
});

/** Config of the backup program: what it reads, how often, where to, and how long backups are kept. */
export const backupConfig = z.strictObject({
  environment: z.string().min(1, "must name the environment").describe("Begins the names of the files."),
  kafka: kafkaConnection,
  influxdb: influxdbConnection
    .omit({ bucket: true })
    .describe("The operator's token: InfluxDB's backup API asks for all permissions."),
  to: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("folder"),
      path: z.string().min(1, "must be the path of a folder inside the container"),
    }),
    s3Place.extend({
      credentialsFile: file.describe("JSON: accessKeyId and secretAccessKey."),
      caFile: file
        .optional()
        .describe("PEM of the authority behind the store's certificate. Default: Node's own authorities."),
    }),
  ]),
  everyMs: ms.describe("From the beginning of one backup to that of the next, over restarts too."),
  keep: z
    .int("must be a whole number")
    .positive("must be at least 1")
    .describe("Backups kept, the newest ones."),
  keepForMs: ms.optional().describe("Older ones go. Default: however old."),
  passphraseFile: file
    .optional()
    .describe("File with the passphrase that encrypts backups. Default: they aren't encrypted."),
  http: httpServer,
});
export type BackupConfig = z.output<typeof backupConfig>;
