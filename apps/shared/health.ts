/** Whether a program makes progress: healthy while the last progress is at most `staleAfterMs` old. */
export class Health {
  #lastProgress: number;
  #trouble = "starting";

  constructor(
    private readonly staleAfterMs: number,
    private readonly now: () => number = Date.now,
  ) {
    this.#lastProgress = Number.NEGATIVE_INFINITY;
  }

  /** Something the program exists for was done. */
  progress(): void {
    this.#lastProgress = this.now();
    this.#trouble = "no progress, and no error that says why";
  }

  /** Something stands in the way. Told as the reason, once the last progress is too old. */
  trouble(reason: string): void {
    this.#trouble = reason;
  }

  /** The reason of ill health, or undefined in good health. */
  fault(): string | undefined {
    return this.now() - this.#lastProgress <= this.staleAfterMs ? undefined : this.#trouble;
  }
}
