import { measures } from "../shared/measures";
import { epochNs, messageId } from "../shared/message";
import { type PublishedIds, secondOf, windowStart } from "./publishedIds";
import { type PointStore, type StoredPoint } from "./store";

/** A point that has not been published yet. */
export interface NewPoint extends StoredPoint {
  readonly id: string;
  /** Event time, milliseconds since 1970, rounded down. */
  readonly timeMs: number;
}

/** What the topic remembers: the newest event time, and the ids published from {@link windowStart} on. */
export interface Published {
  readonly ids: PublishedIds;
  /** Undefined where nothing was published yet. */
  readonly newestMs: number | undefined;
}

export interface FollowerOptions {
  /** A point is found even if it arrives this much after a newer one was published. At least 2 s. */
  readonly lateArrivalMs: number;
  /** Aborted to end a long step between two publications. */
  readonly stop?: AbortSignal;
  /** So many points were read that are published already. */
  duplicates(count: number): void;
  /** So many points came in behind newer ones and after the time in which points are expected. */
  late(count: number): void;
}

/** Recent points are read anew at each look; older ones only where the count says that some are new. */
const recentMs = 2_000;
/** How often the older part of the window is counted. */
const countEveryMs = 1_000;
/** Points up to this far ahead of the clock are taken; later ones once their time has come. */
const aheadMs = 5_000;
/** Values in one read of a backlog: what memory has to hold, twice. */
const valuesPerRead = 100_000;
/** InfluxDB may show a point while its fields are being written: one that lacks humidity, or more, is looked at again before it is believed. */
const settleMs = { complete: 0, noHumidity: 100, incomplete: 2_000 } as const;

/**
 * Finds the points of a store that have not been published, each once, late ones too.
 *
 * Nothing but the topic is remembered over a restart, so this must hold at every moment: if `newest` is the newest event time
 * published, every point older than `newest - lateArrivalMs` is published too. Hence points go out in runs of at most half that
 * span, in order of time, each acknowledged before the next begins.
 */
export class Follower {
  #newestMs: number | undefined;
  readonly #ids: PublishedIds;
  /** Values seen in each second when it was last read as a whole; what the store counts beyond these is new. */
  readonly #seenValues = new Map<number, number>();
  /** Points whose fields may still be on their way: when they were first seen. */
  readonly #unsettled = new Map<string, number>();
  #lastCount = Number.NEGATIVE_INFINITY;
  #inDoubt = false;

  constructor(
    private readonly store: PointStore,
    private readonly publish: (points: readonly NewPoint[]) => Promise<void>,
    published: Published,
    private readonly options: FollowerOptions,
    private readonly now: () => number = Date.now,
  ) {
    this.#newestMs = published.newestMs;
    this.#ids = published.ids;
  }

  /** A publication failed or was cut short: what is published must be read from the topic again. */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  /** Newest event time published, never in the future. */
  get newestMs(): number | undefined {
    return this.#newestMs;
  }

  /**
   * Looks once for new points and publishes them.
   *
   * @throws what the store or the publication throws, or the reason of `stop`. It may be called again, unless {@link inDoubt}.
   */
  async step(): Promise<void> {
    const now = this.now();
    const recentStart = secondOf(now - recentMs);
    if (now - this.#lastCount >= countEveryMs) {
      await this.#followOlder(recentStart);
      this.#lastCount = now;
    }
    await this.#take(await this.store.read(recentStart, now + aheadMs), recentStart, now + aheadMs);
  }

  /** Publishes what is new between the window's start and `stopMs`. */
  async #followOlder(stopMs: number): Promise<void> {
    const firstMs = this.#newestMs === undefined ? await this.store.firstTimeMs(0, stopMs) : undefined;
    const from = this.#windowStart() ?? (firstMs === undefined ? stopMs : secondOf(firstMs));
    if (from >= stopMs) return;
    const total = await this.store.countValues(from, stopMs);
    let seen = 0;
    for (const [second, values] of this.#seenValues) if (second >= from && second < stopMs) seen += values;
    if (total === seen) return;
    if (Math.abs(total - seen) > valuesPerRead || stopMs - from > 2 * this.options.lateArrivalMs)
      await this.#readAll(from, stopMs);
    else await this.#readChanged(from, stopMs);
  }

  /** A long backlog: everything, in slices that memory can hold; the next is read while one is published. */
  async #readAll(startMs: number, stopMs: number): Promise<void> {
    let publishing = Promise.resolve();
    let spanMs = secondOf(this.options.lateArrivalMs);
    try {
      for (let at = startMs; at < stopMs;) {
        const end = Math.min(stopMs, at + spanMs);
        const values = await this.store.countValues(at, end);
        if (values > valuesPerRead && spanMs > 1_000) {
          spanMs = Math.max(1_000, secondOf(spanMs / 2));
          continue;
        }
        if (values === 0) {
          at = secondOf((await this.store.firstTimeMs(end, stopMs)) ?? stopMs);
          // A backlog of sparse points: rather a few empty spans than many small ones.
          spanMs *= 2;
          if (at < end) at = end;
          continue;
        }
        const points = await this.store.read(at, end);
        await publishing;
        publishing = this.#take(points, at, end);
        // Its failure is met at the next await; until then it must not count as unhandled.
        publishing.catch(() => undefined);
        at = end;
        if (values < valuesPerRead / 4) spanMs *= 2;
      }
    } finally {
      await publishing;
    }
  }

  /** The seconds whose count differs from what was seen, in reads of neighbouring seconds. */
  async #readChanged(startMs: number, stopMs: number): Promise<void> {
    const counts = await this.store.countValuesBySecond(startMs, stopMs);
    for (const second of this.#seenValues.keys()) {
      if (second >= startMs && second < stopMs && !counts.has(second)) this.#seenValues.delete(second);
    }
    const changed = [...counts.keys()]
      .filter((second) => counts.get(second) !== this.#seenValues.get(second))
      .sort((a, b) => a - b);
    let begin = 0;
    while (begin < changed.length) {
      let end = begin;
      let values = 0;
      do values += counts.get(changed[end++] ?? 0) ?? 0;
      while (
        end < changed.length &&
        changed[end] === (changed[end - 1] ?? 0) + 1_000 &&
        values < valuesPerRead
      );
      const [from, to] = [changed[begin] ?? 0, (changed[end - 1] ?? 0) + 1_000];
      await this.#take(await this.store.read(from, to), from, to);
      begin = end;
    }
  }

  /** Publishes what is new among all points of a range that consists of whole seconds (its last may be cut by the future). */
  async #take(points: readonly StoredPoint[], startMs: number, stopMs: number): Promise<void> {
    const now = this.now();
    const fresh: NewPoint[] = [];
    const values = new Map<number, number>();
    const unsettledSeconds = new Set<number>();
    let duplicates = 0;
    for (const { station, time, fields } of points) {
      const timeNs = epochNs(time);
      if (timeNs === undefined) throw new Error(`InfluxDB gave a time that can't be read: ${time}`);
      const timeMs = Number(timeNs.slice(0, -6));
      const second = secondOf(timeMs);
      values.set(second, (values.get(second) ?? 0) + valuesIn(fields));
      const id = messageId(station, timeNs);
      if (this.#ids.has(id, timeMs)) duplicates++;
      else if (this.#isSettled(id, fields, timeMs, now)) {
        // From here on the ids hold more than the topic does, until all is published.
        this.#inDoubt = true;
        this.#ids.add(id, timeMs);
        fresh.push({ station, time, fields, id, timeMs });
      } else unsettledSeconds.add(second);
    }
    fresh.sort((a, b) => a.timeMs - b.timeMs);
    for (const run of runsOf(fresh, this.options.lateArrivalMs / 2)) {
      this.options.stop?.throwIfAborted();
      await this.publish(run);
      this.#noteNewest(run);
    }
    this.#inDoubt = false;
    for (const second of this.#seenValues.keys())
      if (second >= startMs && second < stopMs) this.#seenValues.delete(second);
    for (const [second, count] of values)
      if (!unsettledSeconds.has(second)) this.#seenValues.set(second, count);
    if (duplicates > 0) this.options.duplicates(duplicates);
    this.#forget();
  }

  #noteNewest(run: readonly NewPoint[]): void {
    const newestMs = this.#newestMs ?? 0;
    const late = run.filter(({ timeMs }) => timeMs < newestMs - recentMs).length;
    if (late > 0) this.options.late(late);
    this.#newestMs = Math.max(newestMs, Math.min(run.at(-1)?.timeMs ?? 0, this.now()));
  }

  #isSettled(id: string, fields: StoredPoint["fields"], timeMs: number, now: number): boolean {
    const state = settleState(fields);
    if (state === "complete" || timeMs < now - this.options.lateArrivalMs) return true;
    const since = this.#unsettled.get(id);
    if (since === undefined) this.#unsettled.set(id, now);
    const isSettled = now - (since ?? now) >= settleMs[state];
    if (isSettled) this.#unsettled.delete(id);
    return isSettled;
  }

  #windowStart(): number | undefined {
    return this.#newestMs === undefined ? undefined : windowStart(this.#newestMs, this.options.lateArrivalMs);
  }

  #forget(): void {
    const before = this.#windowStart() ?? 0;
    this.#ids.forgetBefore(before);
    for (const second of this.#seenValues.keys()) if (second < before) this.#seenValues.delete(second);
    for (const [id, since] of this.#unsettled)
      if (since < this.now() - this.options.lateArrivalMs) this.#unsettled.delete(id);
  }
}

function valuesIn(fields: StoredPoint["fields"]): number {
  let values = 0;
  for (const measure of measures) if (fields[measure] !== undefined) values++;
  return values;
}

function settleState(fields: StoredPoint["fields"]): keyof typeof settleMs {
  if (fields.temperature === undefined || fields.pressure === undefined || fields.wind === undefined)
    return "incomplete";
  return fields.humidity === undefined ? "noHumidity" : "complete";
}

/** Cuts points in order of time into runs that span at most `spanMs`. */
function* runsOf(points: readonly NewPoint[], spanMs: number): Generator<readonly NewPoint[]> {
  let begin = 0;
  for (let end = 1; end <= points.length; end++) {
    const first = points[begin];
    const next = points[end];
    if (first && next && next.timeMs - first.timeMs <= spanMs) continue;
    yield points.slice(begin, end);
    begin = end;
  }
}
