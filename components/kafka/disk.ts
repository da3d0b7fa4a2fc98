import { type Fault } from "../faults";
import { type Cleanup } from "./topic";

const mebibyte = 1_048_576;

/** The least that Kafka takes for `segment.bytes` and `retention.bytes` to mean anything (KIP-1030). */
const leastSegmentBytes = mebibyte;

/** Segments of Kafka's own topics and of the controllers' log, far below their defaults of 100 MiB and 1 GiB. */
export const ownSegmentBytes = { offsets: 8 * mebibyte, metadata: 16 * mebibyte } as const;

/** Partitions of `__consumer_offsets`: fewer than Kafka's 50, each being three replicas to open and to catch up at every restart. */
export const offsetsPartitions = 12;

/** How often brokers look for segments beyond retention; Kafka's default is 5 minutes. */
export const retentionCheckMs = 30_000;

/** The controllers' log is kept to so much (`metadata.max.retention.bytes`, Kafka's default), before its newest segment. */
const metadataBytes = 100 * mebibyte;

/** Offset and time index: 8 and 12 bytes for every 4096 bytes of log (`index.interval.bytes`), rounded up. */
const indexShare = 0.005;

/** Share of a disk that retention may fill: the rest is for what comes between two checks, and where `disk almost full` warns. */
const fillable = 0.85;

/**
 * Size of a segment for a retention by size: an eighth of it, from 1 to 128 MiB. Only whole segments are deleted, so with Kafka's
 * default of 1 GiB a partition limited to 1 GiB would grow to 2.
 */
export function segmentBytesFor(retentionBytes: number): number {
  return Math.min(128 * mebibyte, Math.max(leastSegmentBytes, Math.floor(retentionBytes / 8)));
}

/** What of a topic decides how much disk it may take. */
export interface TopicDisk {
  name: string;
  partitions: number;
  cleanup: Cleanup;
}

/**
 * The most that the topics and Kafka's own logs fill of each broker's disk, in bytes; undefined where a topic isn't limited by size.
 *
 * A partition holds its retention and one more segment, for its oldest segment goes only when what is left is still as much as the
 * retention. A broker is taken to hold a replica of every partition, which is so where there are as many replicas as brokers. What is
 * written between two checks (30 s) and what was deleted less than a minute ago come on top.
 */
export function worstCaseBytes(topics: readonly TopicDisk[]): number | undefined {
  let bytes = metadataBytes + ownSegmentBytes.metadata;
  // Compacted: what is live, as much again that waits for compaction, and the segment being written.
  bytes += offsetsPartitions * 3 * ownSegmentBytes.offsets;
  for (const { partitions, cleanup } of topics) {
    if (cleanup.policy !== "delete" || cleanup.retentionBytes === undefined) return undefined;
    bytes += partitions * (cleanup.retentionBytes + segmentBytesFor(cleanup.retentionBytes));
  }
  return Math.ceil(bytes * (1 + indexShare));
}

/** A fault at `retentionBytes` where the topics could fill more than 85 % of a broker's disk. */
export function diskFaults(topics: readonly TopicDisk[], diskMiB: number): Fault[] {
  const bytes = worstCaseBytes(topics);
  if (bytes === undefined || bytes <= fillable * diskMiB * mebibyte) return [];
  const partitions = topics.reduce((sum, topic) => sum + topic.partitions, 0);
  return [
    {
      propertyPath: "retentionBytes",
      reason: `${partitions} partitions could fill ${Math.ceil(bytes / mebibyte)} MiB of each broker's disk, more than 85 % of diskMiB (${diskMiB}): keep less, or give the brokers larger disks and say so`,
    },
  ];
}
