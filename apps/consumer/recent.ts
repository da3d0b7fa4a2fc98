/** The last few of many, newest first. */
export class Recent<T> {
  readonly #items: T[] = [];
  #total = 0;

  constructor(private readonly limit: number) {}

  add(item: T): void {
    this.#total++;
    this.#items.unshift(item);
    if (this.#items.length > this.limit) this.#items.pop();
  }

  list(): readonly T[] {
    return this.#items;
  }

  /** How many there were, those not kept included. */
  get total(): number {
    return this.#total;
  }
}

/** How many a second, over the last whole seconds. */
export class Rate {
  readonly #bySecond = new Map<number, number>();

  constructor(
    private readonly seconds: number,
    private readonly now: () => number = Date.now,
  ) {}

  add(count: number): void {
    const second = Math.floor(this.now() / 1_000);
    this.#bySecond.set(second, (this.#bySecond.get(second) ?? 0) + count);
    for (const old of this.#bySecond.keys()) if (old < second - this.seconds) this.#bySecond.delete(old);
  }

  perSecond(): number {
    const second = Math.floor(this.now() / 1_000);
    let sum = 0;
    for (const [one, count] of this.#bySecond) if (one < second && one >= second - this.seconds) sum += count;
    return sum / this.seconds;
  }
}
