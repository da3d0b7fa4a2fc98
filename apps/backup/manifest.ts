import { z } from "zod";

const offset = z.string().regex(/^\d+$/).describe("An offset, in digits.");

const topicManifest = z.object({
  name: z.string(),
  replicationFactor: z.int(),
  config: z.record(z.string(), z.string()).describe("What is set for the topic itself."),
  partitions: z.array(
    z.object({
      partition: z.int(),
      start: offset.describe("Offset of the first record that was kept when the backup began."),
      end: offset.describe("Offset after the last record."),
      messages: z.int().describe("Records in the backup: `end - start`, unless some were compacted away."),
    }),
  ),
});

const groupManifest = z.object({
  group: z.string(),
  topics: z.array(
    z.object({
      topic: z.string(),
      partitions: z.array(z.object({ partition: z.int(), offset })),
    }),
  ),
});

const bucketManifest = z.object({
  name: z.string(),
  description: z.string(),
  retentionSeconds: z.int().describe("0 for ever."),
  values: z
    .int()
    .describe("Values of fields just before its shards were read: at least so many are in the backup."),
  retentionPolicy: z.string(),
  shardGroups: z.array(
    z.object({ id: z.int(), start: z.string(), end: z.string(), shards: z.array(z.int()) }),
  ),
});

const part = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("messages"), topic: z.string(), partition: z.int() }),
  z.object({ kind: z.literal("shard"), bucket: z.string(), shard: z.int() }),
]);

/** What a backup holds: its last file but one, `manifest.json`. */
export const manifestSchema = z.object({
  format: z.literal("weather-backup"),
  version: z.literal(1, "is of a version that this program doesn't know"),
  /** Name of the environment, such as `weather-dev`. */
  environment: z.string(),
  /** ISO 8601. All that was acknowledged before `begun` is in the backup. */
  begun: z.string(),
  finished: z.string(),
  kafka: z.object({
    clusterId: z.string(),
    topics: z.array(topicManifest),
    groups: z.array(groupManifest),
  }),
  influxdb: z.object({ org: z.string(), buckets: z.array(bucketManifest) }),
  parts: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string(), holds: part })),
});

export type Manifest = z.output<typeof manifestSchema>;
export type TopicManifest = z.output<typeof topicManifest>;
export type GroupManifest = z.output<typeof groupManifest>;
export type BucketManifest = z.output<typeof bucketManifest>;

/** What one part of a backup holds. */
export type PartContent = z.output<typeof part>;

/** Messages in a topic of a backup. */
export function messagesIn({ partitions }: TopicManifest): number {
  return partitions.reduce((sum, { messages }) => sum + messages, 0);
}

/** What was saved of a topic or bucket, in messages or values, and what is there after its restore. */
export interface Restored {
  readonly what: string;
  readonly saved: number;
  readonly restored: number;
}
