import { type Measure, measures } from "../shared/measures";
import { epochNs, type WeatherMessage } from "../shared/message";

/** When something was observed: whole milliseconds since 1970, and the nanoseconds beyond them. */
export interface EventTime {
  readonly ms: number;
  readonly nanos: number;
}

/** Of a message's time, which was checked. */
export function eventTime(time: string): EventTime {
  const digits = epochNs(time);
  if (digits === undefined) throw new RangeError(`${time} is no time of a weather message`);
  return { ms: Number(digits.slice(0, -6)), nanos: Number(digits.slice(-6)) };
}

/** Numbers of a point: its time, in two, and its measures; NaN for one that it lacks. */
const width = 2 + measures.length;

/** Points that a station begins with room for. */
const firstCapacity = 16;

/**
 * The latest points of a station, in order of arrival.
 *
 * They are kept as plain numbers, 48 bytes a point: as the messages they came in, they would be most of the consumer's memory, and
 * most of its garbage collector's work.
 */
export class Window {
  /** A ring. */
  #rows = new Float64Array(firstCapacity * width);
  #capacity = firstCapacity;
  #first = 0;
  #size = 0;
  /** Of all points that ever were in it. */
  #newest: EventTime = { ms: Number.NEGATIVE_INFINITY, nanos: 0 };

  get size(): number {
    return this.#size;
  }

  /** Event time of the newest point that ever was in it; before any, further back than any time. */
  get newestMs(): number {
    return this.#newest.ms;
  }

  /** Event time of the point that came first; undefined in an empty window. */
  get oldestMs(): number | undefined {
    return this.#size === 0 ? undefined : this.#rows[this.#at(0)];
  }

  /** Whether it has a point of that very time. Nearly all points are newer than all before, and none is looked at for them. */
  has(time: EventTime): boolean {
    if (this.#isNewer(time)) return false;
    const { ms, nanos } = time;
    for (let index = this.#size - 1; index >= 0; index--) {
      const at = this.#at(index);
      if (this.#rows[at] === ms && this.#rows[at + 1] === nanos) return true;
    }
    return false;
  }

  add(time: EventTime, message: WeatherMessage): void {
    if (this.#size === this.#capacity) this.#grow();
    const at = this.#at(this.#size++);
    this.#rows[at] = time.ms;
    this.#rows[at + 1] = time.nanos;
    for (let i = 0; i < measures.length; i++)
      this.#rows[at + 2 + i] = message[measures[i] as Measure] ?? Number.NaN;
    if (this.#isNewer(time)) this.#newest = time;
  }

  /** Takes out the point that came first, and hands on each of its values. */
  dropOldest(left: (measure: Measure, value: number) => void): void {
    if (this.#size === 0) return;
    const at = this.#at(0);
    for (let i = 0; i < measures.length; i++) {
      const value = this.#rows[at + 2 + i] ?? Number.NaN;
      if (!Number.isNaN(value)) left(measures[i] as Measure, value);
    }
    this.#first = (this.#first + 1) % this.#capacity;
    this.#size--;
  }

  /** Each point's time and its value of each of {@link measures}, null for one that it lacks; in order of time. */
  inTime(): [timeMs: number, ...values: (number | null)[]][] {
    return Array.from({ length: this.#size }, (_, index): [number, ...(number | null)[]] => {
      const at = this.#at(index);
      const values = Array.from(this.#rows.subarray(at + 2, at + width), (value) =>
        Number.isNaN(value) ? null : value,
      );
      return [this.#rows[at] ?? 0, ...values];
    }).sort(([a], [b]) => a - b);
  }

  /** Than all points that ever were in it. */
  #isNewer({ ms, nanos }: EventTime): boolean {
    return ms > this.#newest.ms || (ms === this.#newest.ms && nanos > this.#newest.nanos);
  }

  /** Where the numbers of a point begin. */
  #at(index: number): number {
    return ((this.#first + index) % this.#capacity) * width;
  }

  #grow(): void {
    this.#capacity = Math.ceil(this.#capacity * 1.5);
    const larger = new Float64Array(this.#capacity * width);
    const wrapped = this.#rows.subarray(0, this.#first * width);
    const ahead = this.#rows.subarray(this.#first * width);
    larger.set(ahead);
    larger.set(wrapped, ahead.length);
    this.#rows = larger;
    this.#first = 0;
  }
}
