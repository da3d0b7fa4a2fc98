/** Message ids published already, by the second of their event time, for as long as a late point might come. */
export class PublishedIds {
  readonly #bySecond = new Map<number, Set<string>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: string, timeMs: number): boolean {
    return this.#bySecond.get(secondOf(timeMs))?.has(id) ?? false;
  }

  add(id: string, timeMs: number): void {
    const second = secondOf(timeMs);
    let ids = this.#bySecond.get(second);
    if (!ids) this.#bySecond.set(second, (ids = new Set()));
    this.#size -= ids.size;
    ids.add(id);
    this.#size += ids.size;
  }

  /** Forgets the ids of whole seconds before the time. */
  forgetBefore(timeMs: number): void {
    for (const [second, ids] of this.#bySecond) {
      if (second >= secondOf(timeMs)) continue;
      this.#size -= ids.size;
      this.#bySecond.delete(second);
    }
  }
}

/** The millisecond that begins the second of a time. */
export function secondOf(timeMs: number): number {
  return Math.floor(timeMs / 1_000) * 1_000;
}

/**
 * Where the window begins in which points may still be new: all older ones are published, and of all newer ones it is known
 * whether they are. A whole second, since the store is counted by seconds.
 */
export function windowStart(newestMs: number, lateArrivalMs: number): number {
  return Math.max(0, secondOf(newestMs - lateArrivalMs));
}
