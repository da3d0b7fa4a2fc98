import { setTimeout as delay } from "node:timers/promises";
import { type Batch, type EachBatchPayload } from "kafkajs";
import { type SourceRecord } from "../shared/set-aside";
import { type Counts, noCounts, PartitionMemory, readNote } from "./memory";
import { type WeatherMessage } from "../shared/message";
import {
  type Anomaly,
  type StationRow,
  type Stations,
  type StationSummary,
  type StationTrend,
  type StatisticsOptions,
} from "./stations";

/** Messages between two signs of life to the group, and in one write of their effects. */
const messagesPerPart = 1_000;

/** What the group has committed of a partition. */
export interface CommittedOffset {
  /** Undefined where nothing was committed yet. */
  readonly offset: bigint | undefined;
  readonly metadata: string | null;
}

/** Offsets of the topic, as the brokers know them. */
export interface TopicOffsets {
  committed(): Promise<ReadonlyMap<number, CommittedOffset>>;
  /** The first offset of each partition whose record is of that time or later. */
  from(timeMs: number): Promise<ReadonlyMap<number, bigint>>;
}

/** What a message with effects outside the memory comes to. */
export interface Effects {
  readonly deadLetters: { readonly source: SourceRecord; readonly reason: string }[];
  readonly anomalies: { readonly source: SourceRecord; readonly anomalies: readonly Anomaly[] }[];
}

export interface AnalysisOptions {
  readonly statistics: StatisticsOptions;
  readonly offsets: TopicOffsets;
  /** Reads the partition from there on. */
  seek(partition: number, offset: bigint): void;
  /** Resolves once the effects are where they outlast the consumer. They may be done again, after a fault. */
  effects(effects: Effects): Promise<void>;
  /** Told once the group has committed: what was counted since the last time. */
  counted(more: Counts): void;
  /** Waits for what `load` needs, told each failure. */
  untilDone<T>(load: () => Promise<T>): Promise<T | undefined>;
}

type Flow = Pick<
  EachBatchPayload,
  "resolveOffset" | "heartbeat" | "isRunning" | "isStale" | "commitOffsetsIfNecessary"
>;

/**
 * Takes in the weather messages of the partitions that the group has given to this member, and commits each offset together with
 * what was counted up to it: whoever reads on from there counts on from there.
 */
export class Analysis {
  readonly #memories = new Map<number, PartitionMemory>();
  readonly #reported = new Map<number, Counts>();
  readonly #lag = new Map<number, number>();
  #mine: ReadonlySet<number> = new Set();
  #loading: Promise<void> = Promise.resolve();

  constructor(private readonly options: AnalysisOptions) {}

  /** These partitions are this member's, from now on and until it is told others. */
  assigned(partitions: ReadonlySet<number>): Promise<void> {
    this.#mine = partitions;
    for (const partition of this.#memories.keys()) if (!partitions.has(partition)) this.#forget(partition);
    return this.#load(partitions);
  }

  async take(
    batch: Pick<Batch, "topic" | "partition" | "messages" | "highWatermark">,
    flow: Flow,
  ): Promise<void> {
    const { topic, partition } = batch;
    const memory = await this.#memory(partition, flow);
    if (!memory) return;
    let last: string | undefined;
    try {
      for (let i = 0; i < batch.messages.length; i += messagesPerPart) {
        if (!flow.isRunning() || flow.isStale() || this.#memories.get(partition) !== memory) break;
        const effects: Effects = { deadLetters: [], anomalies: [] };
        for (const message of batch.messages.slice(i, i + messagesPerPart)) {
          const source = { topic, partition, message };
          const taken = memory.take(source);
          last = message.offset;
          if (taken.kind === "dead letter") effects.deadLetters.push({ source, reason: taken.reason });
          if (taken.kind === "counted" && taken.anomalies.length > 0)
            effects.anomalies.push({ source, anomalies: taken.anomalies });
        }
        await this.options.effects(effects);
        if (last !== undefined) flow.resolveOffset(last);
        this.#lag.set(partition, Math.max(0, Number(BigInt(batch.highWatermark) - memory.next)));
        await flow.heartbeat();
      }
    } catch (error) {
      // What the memory has taken in beyond the commit may lack its effects: both begin again from the commit.
      this.#forget(partition);
      throw error;
    }
    const isCurrent = this.#memories.get(partition) === memory;
    if (last !== undefined && isCurrent && memory.isPastCommit) await this.#commit(topic, memory, flow);
  }

  /** Every station of this member's partitions. */
  summary(): Record<string, StationSummary> {
    return Object.assign(
      {},
      ...[...this.#memories.values()].map(({ stations }) => stations.summary()),
    ) as Record<string, StationSummary>;
  }

  /** Newest message of each station of this member's partitions. */
  *latest(): Iterable<readonly [name: string, latest: WeatherMessage]> {
    for (const { stations } of this.#memories.values()) yield* stations.latest();
  }

  row(name: string): StationRow | undefined {
    return this.#stationsWith(name)?.row(name);
  }

  trend(name: string): StationTrend | undefined {
    return this.#stationsWith(name)?.trend(name);
  }

  /** What was counted since the group began, of each of this member's partitions. */
  counts(): Record<number, Counts> {
    return Object.fromEntries([...this.#memories].map(([partition, { counts }]) => [partition, counts]));
  }

  /** Messages not taken in yet, by partition. */
  get lag(): ReadonlyMap<number, number> {
    return this.#lag;
  }

  get stations(): number {
    return [...this.#memories.values()].reduce((sum, { stations }) => sum + stations.size, 0);
  }

  #stationsWith(name: string): Stations | undefined {
    return [...this.#memories.values()].find(({ stations }) => stations.has(name))?.stations;
  }

  async #commit(topic: string, memory: PartitionMemory, flow: Flow): Promise<void> {
    const { partition } = memory;
    // kafkajs passes the metadata on, though its types don't name it here.
    const committed = { partition, offset: String(memory.next), metadata: JSON.stringify(memory.note) };
    await flow.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [committed] }] });
    const before = this.#reported.get(partition) ?? noCounts;
    const now = memory.counts;
    this.#reported.set(partition, now);
    this.options.counted({
      messages: now.messages - before.messages,
      duplicates: now.duplicates - before.duplicates,
      anomalies: now.anomalies - before.anomalies,
      deadLetters: now.deadLetters - before.deadLetters,
    });
  }

  /** The memory of a partition, once it is known where it begins. Signs of life go on meanwhile. */
  async #memory(partition: number, { heartbeat, isStale }: Flow): Promise<PartitionMemory | undefined> {
    if (!this.#memories.has(partition)) void this.#load(new Set([partition]));
    const loaded = this.#loading.then(() => true);
    while (!(await Promise.race([loaded, delay(1_000, false)]))) await heartbeat();
    // The batch may begin after the place that was sought meanwhile.
    return isStale() ? undefined : this.#memories.get(partition);
  }

  #load(partitions: ReadonlySet<number>): Promise<void> {
    this.#loading = this.#loading.then(async () => {
      const missing = await this.options.untilDone(() => this.#read(partitions));
      for (const memory of missing ?? []) {
        if (!this.#mine.has(memory.partition)) continue;
        this.#memories.set(memory.partition, memory);
        this.#reported.set(memory.partition, memory.counts);
        this.options.seek(memory.partition, memory.readFrom);
      }
    });
    return this.#loading;
  }

  /** Begins the memory of each partition that isn't known up to its committed offset. */
  async #read(partitions: ReadonlySet<number>): Promise<PartitionMemory[]> {
    const { offsets, statistics } = this.options;
    const all = await offsets.committed();
    const begun = [...partitions].flatMap((partition) => {
      const { offset, metadata } = all.get(partition) ?? { offset: undefined, metadata: null };
      const isKnown = this.#memories.get(partition)?.next === offset && offset !== undefined;
      return isKnown ? [] : [{ partition, offset, note: readNote(metadata) }];
    });
    const windowStarts = begun.flatMap(({ note: { newestMs } }) =>
      newestMs === undefined ? [] : Math.max(0, newestMs - statistics.windowMs),
    );
    const none: ReadonlyMap<number, bigint> = new Map();
    const starts = windowStarts.length > 0 ? await offsets.from(Math.min(...windowStarts)) : none;
    const firsts = begun.some(({ offset }) => offset === undefined) ? await offsets.from(0) : none;
    return begun.map(({ partition, offset, note }) => {
      const committed = offset ?? firsts.get(partition) ?? 0n;
      const start = note.newestMs === undefined ? committed : (starts.get(partition) ?? committed);
      return new PartitionMemory(
        partition,
        statistics,
        start < committed ? start : committed,
        committed,
        note,
      );
    });
  }

  #forget(partition: number): void {
    this.#memories.delete(partition);
    this.#reported.delete(partition);
    this.#lag.delete(partition);
  }
}
