import { array, int32, int64, noTags, type NodeCall, nullArray, text } from "../shared/kafka-node";

/** One partition as a broker sees it. */
export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  /** Node id, -1 where there is none: the partition is offline. */
  readonly leader: number;
  readonly replicas: readonly number[];
  /** The replicas that are in sync. */
  readonly isr: readonly number[];
}

/** The cluster as a broker sees it: those that are registered and unfenced, and every partition. */
export interface Metadata {
  readonly brokers: readonly { readonly id: number; readonly address: string }[];
  readonly partitions: readonly PartitionView[];
}

/** The controllers. */
export interface Quorum {
  /** Node id of the one that leads, -1 where there is none. */
  readonly leader: number;
  /** Offset up to which a majority of the voters holds the metadata log. */
  readonly highWatermark: number;
  readonly voters: readonly { readonly id: number; readonly logEndOffset: number }[];
}

/** One log folder of a broker, and the volume it lies on. */
export interface LogDir {
  /** Bytes of each topic's partitions; indexes and files that wait for their deletion don't count. */
  readonly bytesOfTopics: ReadonlyMap<string, number>;
  /** Size of the volume; -1 where the broker can't tell. */
  readonly totalBytes: number;
  /** What can still be written on the volume; -1 where the broker can't tell. */
  readonly usableBytes: number;
}

/** Where a partition's log is asked for: its end, its beginning, or the first message from a time on. */
export type OffsetOf = "end" | "beginning" | { readonly sinceMs: number };

/** A partition's name, as a key. */
export function partitionKey({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

/** Metadata v9 (API key 3) of all topics; it creates none. */
export async function readMetadata(call: NodeCall): Promise<Metadata> {
  const answer = await call(3, 9, [nullArray, Buffer.from([0, 0, 0]), noTags]);
  answer.skip(4);
  const brokers = answer.array(() => {
    const id = answer.int32();
    const host = answer.text();
    const address = `${host}:${answer.int32()}`;
    answer.text();
    answer.tags();
    return { id, address };
  });
  answer.text();
  answer.skip(4);
  const topics = answer.array(() => {
    answer.skip(2);
    const topic = answer.text();
    answer.skip(1);
    const partitions = answer.array((): PartitionView => {
      answer.skip(2);
      const partition = answer.int32();
      const leader = answer.int32();
      answer.skip(4);
      const replicas = answer.array(answer.int32);
      const isr = answer.array(answer.int32);
      answer.array(answer.int32);
      answer.tags();
      return { topic, partition, leader, replicas, isr };
    });
    answer.skip(4);
    answer.tags();
    return partitions;
  });
  return { brokers, partitions: topics.flat() };
}

/** DescribeQuorum v1 (API key 55). A quorum that can't be described has no leader. */
export async function readQuorum(call: NodeCall): Promise<Quorum> {
  const partition = Buffer.concat([int32(0), noTags]);
  const answer = await call(55, 1, [
    array([Buffer.concat([text("__cluster_metadata"), array([partition]), noTags])]),
    noTags,
  ]);
  answer.skip(2);
  const logs = answer.array(() => {
    answer.text();
    const partitions = answer.array((): Quorum => {
      answer.skip(4);
      const error = answer.int16();
      const leader = answer.int32();
      answer.skip(4);
      const highWatermark = answer.int64();
      const replica = () => {
        const id = answer.int32();
        const logEndOffset = answer.int64();
        answer.skip(16);
        answer.tags();
        return { id, logEndOffset };
      };
      const voters = answer.array(replica);
      answer.array(replica);
      answer.tags();
      return { leader: error === 0 ? leader : -1, highWatermark, voters };
    });
    answer.tags();
    return partitions;
  });
  return logs[0]?.[0] ?? { leader: -1, highWatermark: -1, voters: [] };
}

/** DescribeLogDirs v4 (API key 35) of all topics; folders that failed are left out. */
export async function readLogDirs(call: NodeCall): Promise<LogDir[]> {
  const answer = await call(35, 4, [nullArray, noTags]);
  answer.skip(6);
  const dirs = answer.array(() => {
    const error = answer.int16();
    answer.text();
    const topics = answer.array(() => {
      const topic = answer.text();
      const sizes = answer.array(() => {
        answer.skip(4);
        const bytes = answer.int64();
        answer.skip(9);
        answer.tags();
        return bytes;
      });
      answer.tags();
      return [topic, sizes.reduce((sum, bytes) => sum + bytes, 0)] as const;
    });
    const totalBytes = answer.int64();
    const usableBytes = answer.int64();
    answer.tags();
    return { error, bytesOfTopics: new Map(topics), totalBytes, usableBytes };
  });
  return dirs.filter(({ error }) => error === 0);
}

/** ListOffsets v6 (API key 2) of partitions that the asked broker leads; by {@link partitionKey}, those in error left out. */
export async function readOffsets(
  call: NodeCall,
  partitions: readonly PartitionView[],
  of: OffsetOf,
): Promise<Map<string, number>> {
  const timestamp = of === "end" ? -1 : of === "beginning" ? -2 : of.sinceMs;
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((topic) =>
    Buffer.concat([
      text(topic),
      array(
        partitions
          .filter((one) => one.topic === topic)
          .map(({ partition }) => Buffer.concat([int32(partition), int32(-1), int64(timestamp), noTags])),
      ),
      noTags,
    ]),
  );
  const asConsumer = int32(-1);
  const readUncommitted = Buffer.from([0]);
  const answer = await call(2, 6, [asConsumer, readUncommitted, array(topics), noTags]);
  answer.skip(4);
  const offsets = answer.array(() => {
    const topic = answer.text();
    const found = answer.array(() => {
      const partition = answer.int32();
      const error = answer.int16();
      answer.skip(8);
      const offset = answer.int64();
      answer.skip(4);
      answer.tags();
      return { topic, partition, error, offset };
    });
    answer.tags();
    return found;
  });
  return new Map(
    offsets
      .flat()
      .filter(({ error }) => error === 0)
      .map((one) => [partitionKey(one), one.offset]),
  );
}
