import * as fs from "node:fs";
import { readJson, writePrivate } from "./folder";

interface Started {
  pid: number;
  /** Start time in clock ticks since boot: tells the process from a later one with the same id. */
  startTicks: string;
}

/** Start time of a process, or undefined where there is none (or none but a zombie). */
export function startTicks(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; state and start time are the 1st and 20th field after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The book of all processes of one embedded run: kept on disk, so that a crash of the supervisor leaves no orphan for good. */
export class ProcessBook {
  private started: Started[] = [];

  constructor(private readonly file: string) {}

  add(pid: number): void {
    const ticks = startTicks(pid);
    if (ticks === undefined) return;
    this.started = this.started.filter((other) => startTicks(other.pid) === other.startTicks);
    this.started.push({ pid, startTicks: ticks });
    writePrivate(this.file, JSON.stringify(this.started));
  }

  /** Ends what an earlier run left behind, each with its process group; returns how many there were. */
  static async endLeftovers(file: string): Promise<number> {
    const recorded = (readJson(file) ?? []) as Started[];
    const alive = recorded.filter(({ pid, startTicks: ticks }) => startTicks(pid) === ticks);
    for (const { pid } of alive) signalGroup(pid, "SIGTERM");
    const deadline = Date.now() + 15_000;
    while (alive.some(({ pid, startTicks: ticks }) => startTicks(pid) === ticks)) {
      if (Date.now() > deadline) for (const { pid } of alive) signalGroup(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    fs.rmSync(file, { force: true });
    return alive.length;
  }
}

/** Signals a process and all its children; they were started as a group of their own. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
