import { z } from "zod";
import { httpServer, influxdbConnection, kafkaConnection, ms } from "../shared/config";

const file = z.string().min(1, "must be the path of a file inside the container");

/** Config of the backup program: what it reads, how often, where to, and how long backups are kept. */
export const backupConfig = z.strictObject({
  environment: z.string().min(1, "must name the environment").describe("Begins the names of the files."),
  kafka: kafkaConnection,
  influxdb: influxdbConnection
    .omit({ bucket: true })
    .describe("The operator's token: InfluxDB's backup API asks for all permissions."),
  folder: z.string().min(1, "must be the path of a folder inside the container"),
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
