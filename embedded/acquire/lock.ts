import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 200;
const tellEveryMs = 5_000;

/** What is called while another process holds the lock: at first, and every 5 seconds. */
export type OnWait = (holderPid: number, waitedMs: number) => void;

/**
 * Does the work while no other process that takes the same lock does; the lock of a process that is dead is broken.
 *
 * The lock is a folder with one file named after its holder. A folder can be renamed onto an empty one only, so that
 * taking it, and breaking exactly the lock that was judged stale, are one step each.
 *
 * @param lock Path of the lock folder. Its parent must exist.
 * @throws what the work throws, and the signal's reason where it is aborted while waiting.
 */
export async function withLock<T>(
  lock: string,
  work: () => Promise<T>,
  onWait: OnWait = () => undefined,
  signal?: AbortSignal,
): Promise<T> {
  const holder = `${process.pid}-${(await startTime(process.pid)) ?? "unknown"}`;
  await take(lock, holder, onWait, signal);
  try {
    return await work();
  } finally {
    await fs.rm(path.join(lock, holder), { force: true });
    // Fails where the next one has taken the emptied folder already, which is as good.
    await fs.rmdir(lock).catch(() => undefined);
  }
}

async function take(lock: string, holder: string, onWait: OnWait, signal?: AbortSignal): Promise<void> {
  const draft = await fs.mkdtemp(`${lock}.`);
  try {
    await fs.writeFile(path.join(draft, holder), "");
    const startedMs = Date.now();
    let toldMs = -Infinity;
    while (!(await renamedOntoEmpty(draft, lock))) {
      const [other] = await fs.readdir(lock).catch((): string[] => []);
      if (other === undefined) continue;
      if (!(await isAlive(other))) {
        await fs.rm(path.join(lock, other), { force: true });
        continue;
      }
      const waitedMs = Date.now() - startedMs;
      if (waitedMs - toldMs >= tellEveryMs) {
        toldMs = waitedMs;
        onWait(Number.parseInt(other, 10), waitedMs);
      }
      await sleep(pollMs, undefined, { signal });
    }
  } catch (error) {
    await fs.rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function renamedOntoEmpty(from: string, to: string): Promise<boolean> {
  try {
    await fs.rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

async function isAlive(holder: string): Promise<boolean> {
  const [pid, start] = holder.split("-");
  return (await startTime(Number(pid))) === start;
}

/** When a process started, in clock ticks since boot: with the pid, names a process for good. Undefined where none lives. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the command in brackets, which may hold spaces and brackets itself; see proc(5) for the others.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}
