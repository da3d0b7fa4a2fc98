import { setTimeout as delay } from "node:timers/promises";
import { reasonOf } from "./log";

/** Waits, or returns at once when the signal is aborted. */
export async function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await delay(durationMs, undefined, { signal }).catch(() => undefined);
}

/**
 * Does something until it succeeds, waiting 0.25 s after the first failure and twice as long after each further one, at most 5 s.
 *
 * @param failed is told each failure and the wait that follows.
 * @returns the outcome, or undefined where the signal was aborted first.
 */
export async function untilDone<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  failed: (reason: string, waitMs: number) => void,
): Promise<T | undefined> {
  for (let waitMs = 250; !signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await attempt();
    } catch (error) {
      failed(reasonOf(error), waitMs);
      await sleep(waitMs, signal);
    }
  }
  return undefined;
}
