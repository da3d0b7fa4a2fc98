import * as fs from "node:fs";

/** Linux counts the processor time of a process in hundredths of a second (USER_HZ). */
const ticksPerSecond = 100;

/** How often it is read: a program that ends takes its figures along. */
const readEveryMs = 100;

/** Seconds of processor time a process has taken so far; undefined where there is none. */
function processorSeconds(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** Adds up what programs take of the processors over several stretches of time. */
export class ProcessorTime {
  readonly #taken = new Map<string, number>();
  #seconds = 0;

  /** Looks at programs, each given by its processes' ids, while work goes on. */
  async during<T>(programs: Readonly<Record<string, readonly number[]>>, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const meters = Object.entries(programs).flatMap(([program, pids]) =>
      pids.map((pid) => ({ program, pid, first: processorSeconds(pid) ?? 0, last: 0 })),
    );
    const read = () => {
      for (const meter of meters) meter.last = processorSeconds(meter.pid) ?? meter.last;
    };
    const reading = setInterval(read, readEveryMs);
    try {
      return await work();
    } finally {
      clearInterval(reading);
      read();
      this.#seconds += (performance.now() - begun) / 1_000;
      for (const { program, first, last } of meters)
        this.#taken.set(program, (this.#taken.get(program) ?? 0) + Math.max(0, last - first));
    }
  }

  /** Cores that each program kept busy, over all stretches. */
  cores(): Record<string, number> {
    return Object.fromEntries([...this.#taken].map(([program, taken]) => [program, taken / this.#seconds]));
  }
}
