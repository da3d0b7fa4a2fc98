import * as fs from "node:fs";

/** How often memory is looked at. */
const lookEveryMs = 200;

/** Id, parent and memory of every process; those that end meanwhile are left out. */
function processes(): { pid: number; parent: number; memoryKiB: number }[] {
  return fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = fs.readFileSync(`/proc/${name}/status`, "utf8");
      const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
      return [{ pid: Number(name), parent: field("PPid"), memoryKiB: field("VmRSS") }];
    } catch {
      return [];
    }
  });
}

/**
 * The most memory that a process and all that it started had at once (resident, shared pages counted in each). Those whose parent
 * has ended still count. Looked at five times a second, so what comes and goes between is missed.
 */
export class PeakMemory {
  readonly #known: Set<number>;
  readonly #looking: NodeJS.Timeout;
  #peakKiB = 0;

  constructor(root: number) {
    this.#known = new Set([root]);
    this.#looking = setInterval(() => {
      this.#look();
    }, lookEveryMs);
    this.#look();
  }

  /** Ends the looking; returns the peak in MiB. */
  end(): number {
    this.#look();
    clearInterval(this.#looking);
    return this.#peakKiB / 1_024;
  }

  #look(): void {
    const all = processes();
    // A child may stand before its parent in the list.
    for (let before = -1; before !== this.#known.size;) {
      before = this.#known.size;
      for (const { pid, parent } of all) if (this.#known.has(parent)) this.#known.add(pid);
    }
    const now = all.reduce((sum, { pid, memoryKiB }) => sum + (this.#known.has(pid) ? memoryKiB : 0), 0);
    this.#peakKiB = Math.max(this.#peakKiB, now);
  }
}
