import { type LogDir, type PartitionView } from "./requests";

/** How many partitions are in which trouble. */
export interface PartitionStates {
  /** Fewer replicas in sync than there should be: one more loss may hurt. */
  readonly underReplicated: number;
  /** Fewer replicas in sync than `min.insync.replicas`: writes with acks=all are refused. */
  readonly underMinIsr: number;
  /** No leader: neither written nor read. */
  readonly offline: number;
}

/** Counts the partitions in trouble. A topic whose `min.insync.replicas` isn't known is taken to ask for one. */
export function partitionStates(
  partitions: readonly PartitionView[],
  minIsrOf: ReadonlyMap<string, number>,
): PartitionStates {
  const count = (test: (one: PartitionView) => boolean) => partitions.filter(test).length;
  return {
    underReplicated: count(({ isr, replicas }) => isr.length < replicas.length),
    underMinIsr: count(({ isr, topic }) => isr.length < (minIsrOf.get(topic) ?? 1)),
    offline: count(({ leader }) => leader < 0),
  };
}

/** How long something has been so without a break. */
export class Lasting {
  #sinceMs: number | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** Takes down how it is now; returns the seconds since it became so, 0 where it isn't. */
  seconds(isSo: boolean): number {
    if (isSo) this.#sinceMs ??= this.now();
    else this.#sinceMs = undefined;
    return this.#sinceMs === undefined ? 0 : (this.now() - this.#sinceMs) / 1_000;
  }
}

/** The volume of a broker's logs; where they lie on several, the fullest. Undefined where the broker can't tell. */
export function fullestVolume(
  dirs: readonly LogDir[],
): { readonly totalBytes: number; readonly usableBytes: number; readonly usablePercent: number } | undefined {
  const [fullest] = dirs
    .filter(({ totalBytes, usableBytes }) => totalBytes > 0 && usableBytes >= 0)
    .map(({ totalBytes, usableBytes }) => ({
      totalBytes,
      usableBytes,
      usablePercent: (usableBytes / totalBytes) * 100,
    }))
    .sort((a, b) => a.usablePercent - b.usablePercent);
  return fullest;
}

/** Bytes of each topic in a broker's log folders. */
export function bytesByTopic(dirs: readonly LogDir[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const { bytesOfTopics } of dirs)
    for (const [topic, size] of bytesOfTopics) bytes.set(topic, (bytes.get(topic) ?? 0) + size);
  return bytes;
}
