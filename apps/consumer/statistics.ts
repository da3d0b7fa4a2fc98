/** Count, mean and standard deviation (of the sample) of the values in a window. */
export interface Summary {
  readonly points: number;
  readonly mean: number;
  readonly deviation: number;
}

/** Mean and variance of a set that values enter and leave (Welford 1962, and its reverse). */
export class RunningStatistics {
  #points = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    const delta = value - this.#mean;
    this.#mean += delta / ++this.#points;
    this.#squares += delta * (value - this.#mean);
  }

  remove(value: number): void {
    if (this.#points <= 1) {
      this.#points = this.#mean = this.#squares = 0;
      return;
    }
    const delta = value - this.#mean;
    this.#mean -= delta / --this.#points;
    // Rounding may leave a trace below nothing.
    this.#squares = Math.max(0, this.#squares - delta * (value - this.#mean));
  }

  get points(): number {
    return this.#points;
  }

  get mean(): number {
    return this.#mean;
  }

  get deviation(): number {
    return this.#points < 2 ? 0 : Math.sqrt(this.#squares / (this.#points - 1));
  }

  summary(): Summary {
    const { points, mean, deviation } = this;
    return { points, mean, deviation };
  }

  /** Deviations between a value and the mean; 0 where all values are the same as far as a sensor can tell (`resolution`). */
  deviationsOf(value: number, resolution: number): number {
    return (value - this.#mean) / Math.max(this.deviation, resolution);
  }
}
