import { type Spool } from "./spool";

/** Lines to be written together. */
export interface Batch {
  readonly number: number;
  readonly lines: readonly string[];
}

/** Why lines are given up. */
export type DropReason = "buffer full" | "spool full" | "stopped without a spool";

/**
 * Lines not yet in InfluxDB, first in, first out: memory holds the oldest, the spool what follows. A reader that starts late
 * (the producer) so sees time pass in order. Beyond the bounds the oldest are dropped.
 */
export class Backlog {
  readonly #memory: Batch[] = [];
  #linesInMemory = 0;
  #nextNumber: number;

  /** @param dropped is told how many lines were given up, and why, each time. */
  constructor(
    private readonly limits: {
      readonly maxLines: number;
      readonly spool?: Spool;
      readonly maxSpoolBytes?: number;
    },
    private readonly dropped: (lines: number, reason: DropReason) => void,
  ) {
    this.#nextNumber = (limits.spool?.numbers().at(-1) ?? 0) + 1;
  }

  get linesInMemory(): number {
    return this.#linesInMemory;
  }

  get spooledBytes(): number {
    return this.limits.spool?.bytes ?? 0;
  }

  get isEmpty(): boolean {
    return this.#memory.length === 0 && !this.limits.spool?.numbers().length;
  }

  push(lines: readonly string[]): void {
    if (lines.length === 0) return;
    const { maxLines, spool, maxSpoolBytes = Number.POSITIVE_INFINITY } = this.limits;
    const batch = { number: this.#nextNumber++, lines };
    if (spool && (spool.numbers().length > 0 || this.#linesInMemory + lines.length > maxLines)) {
      spool.write(batch.number, lines);
      for (const oldest of spool.numbers()) {
        if (spool.bytes <= maxSpoolBytes) break;
        this.dropped(spool.read(oldest).length, "spool full");
        spool.remove(oldest);
      }
      return;
    }
    this.#memory.push(batch);
    this.#linesInMemory += lines.length;
    while (this.#linesInMemory > maxLines && this.#memory.length > 1)
      this.dropped(this.#shift(), "buffer full");
  }

  /** The oldest batch; it stays until it is removed. */
  oldest(): Batch | undefined {
    const [first] = this.#memory;
    if (first) return first;
    const number = this.limits.spool?.numbers()[0];
    return number === undefined ? undefined : { number, lines: this.limits.spool?.read(number) ?? [] };
  }

  /** Removes a batch that was written, or that is hopeless. */
  remove({ number }: Batch): void {
    if (this.#memory[0]?.number === number) this.#shift();
    else this.limits.spool?.remove(number);
  }

  /** At the end: what is in memory goes to the spool for the next run, or is dropped. */
  close(): void {
    const { spool } = this.limits;
    for (const { number, lines } of spool ? this.#memory : []) spool?.write(number, lines);
    if (!spool && this.#linesInMemory > 0) this.dropped(this.#linesInMemory, "stopped without a spool");
    this.#memory.length = 0;
    this.#linesInMemory = 0;
  }

  #shift(): number {
    const count = this.#memory.shift()?.lines.length ?? 0;
    this.#linesInMemory -= count;
    return count;
  }
}
