import { decodeMessage, header } from "../shared/message";
import { type SourceRecord, text } from "../shared/set-aside";
import { type Anomaly, Stations, type StatisticsOptions } from "./stations";
import { eventTime } from "./window";

/** What was counted of a partition since the group began, each message once. */
export interface Counts {
  /** Weather messages taken in. */
  readonly messages: number;
  /** Messages that had been taken in before. */
  readonly duplicates: number;
  readonly anomalies: number;
  readonly deadLetters: number;
}

export const noCounts: Counts = { messages: 0, duplicates: 0, anomalies: 0, deadLetters: 0 };
export const countedThings = ["messages", "duplicates", "anomalies", "deadLetters"] as const;

/** What is committed together with an offset, in the broker's field for metadata (4096 bytes at most by default). */
export interface Note {
  readonly counts: Counts;
  /** Newest event time taken in, milliseconds since 1970. */
  readonly newestMs?: number;
}

/** The note in an offset's metadata; that of an offset committed by anything else is empty. */
export function readNote(metadata: string | null | undefined): Note {
  try {
    const { counts, newestMs } = JSON.parse(metadata ?? "") as Partial<Note>;
    return { counts: { ...noCounts, ...counts }, ...(newestMs !== undefined && { newestMs }) };
  } catch {
    return { counts: noCounts };
  }
}

/** What a message comes to. */
export type Taken =
  | { readonly kind: "counted"; readonly anomalies: readonly Anomaly[] }
  | { readonly kind: "duplicate" }
  | { readonly kind: "dead letter"; readonly reason: string }
  /** Its effects were done before: it only helped to remember. */
  | { readonly kind: "remembered" };

/** Clocks of stations may be ahead by so much. What lies further ahead would push all else out of its station's window. */
const maxAheadMs = 60_000;

/**
 * What the consumer knows of one partition, as a function of the log up to one offset: so it is committed with that offset, and
 * a consumer that is killed finds it as it was. Counts stand in the offset's note. The stations' windows are made anew
 * by reading the window before the offset once more, without any other effect.
 */
export class PartitionMemory {
  readonly stations: Stations;
  readonly #counts: { -readonly [what in keyof Counts]: number };
  #newestMs: number | undefined;
  #next: bigint;

  /**
   * @param readFrom offset at which reading begins, at most `committed`.
   * @param committed offset up to which all effects are done, as `note` tells them.
   */
  constructor(
    readonly partition: number,
    options: StatisticsOptions,
    readonly readFrom: bigint,
    private readonly committed: bigint,
    note: Note,
    private readonly now: () => number = Date.now,
  ) {
    this.stations = new Stations(options, partition);
    this.#counts = { ...note.counts };
    this.#newestMs = note.newestMs;
    this.#next = readFrom;
  }

  /** The first offset not taken yet. */
  get next(): bigint {
    return this.#next;
  }

  /** Whether it has got beyond what it began with. */
  get isPastCommit(): boolean {
    return this.#next > this.committed;
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  get note(): Note {
    return { counts: this.counts, ...(this.#newestMs !== undefined && { newestMs: this.#newestMs }) };
  }

  /** Takes the next message of the partition. One that it has passed already, which a client may deliver again, is left alone. */
  take({ message: { offset, value, headers, key } }: SourceRecord): Taken {
    const at = BigInt(offset);
    if (at < this.#next) return { kind: "remembered" };
    this.#next = at + 1n;
    const taken = this.#judge(key, value, text(headers, header.schemaVersion));
    if (at < this.committed) return { kind: "remembered" };
    if (taken.kind === "duplicate") this.#counts.duplicates++;
    if (taken.kind === "dead letter") this.#counts.deadLetters++;
    if (taken.kind === "counted") {
      this.#counts.messages++;
      this.#counts.anomalies += taken.anomalies.length;
    }
    return taken;
  }

  #judge(key: Buffer | null, value: Buffer | null, version: string | undefined): Taken {
    const decoded = decodeMessage(value, version);
    if ("fault" in decoded) return { kind: "dead letter", reason: decoded.fault };
    const { message } = decoded;
    if (key?.toString("utf8") !== message.station)
      return {
        kind: "dead letter",
        reason: "key: must be the station, or its messages lie in several partitions",
      };
    const time = eventTime(message.time);
    const aheadMs = time.ms - this.now();
    if (aheadMs > maxAheadMs)
      return {
        kind: "dead letter",
        reason: `time: lies ${Math.round(aheadMs / 1_000)} s ahead of the clock, more than ${maxAheadMs / 1_000} s`,
      };
    const anomalies = this.stations.take(message, time);
    if (!anomalies) return { kind: "duplicate" };
    this.#newestMs = Math.max(this.#newestMs ?? 0, time.ms);
    return { kind: "counted", anomalies };
  }
}
