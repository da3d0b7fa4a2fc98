/** Which ids have come lately: at least the last `window` are remembered, at most twice as many. */
export class SeenIds {
  #young = new Set<string>();
  #old: ReadonlySet<string> = new Set<string>();

  constructor(private readonly window: number) {}

  /** Whether the id has not come lately; from now on it has. */
  isNew(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    // A whole set is let go of at once: taking the oldest out of one has to pass those taken out before.
    if (this.#young.size >= this.window) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
