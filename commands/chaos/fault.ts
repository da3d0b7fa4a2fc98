import { act, serviceNow, strike } from "../live/act";
import { obstaclesToWhole } from "../live/brokers";
import { type RunningStack } from "../live/outputs";
import { flowsFrom } from "./point-load";

/** A fault that was made, and how the stack recovered. */
export interface Fault {
  /** Hostname of what was killed. */
  victim: string;
  killedAtMs: number;
  /**
   * Until the new incarnation was well and points went through the pipeline again, in ms; for a broker also until every replica was in
   * sync again. Undefined where that did not happen in time.
   */
  recoveredAfterMs: number | undefined;
}

/** Longest wait for a recovery. */
const recoveredWithinMs = 180_000;

/**
 * Kills one service with SIGKILL, starts it again, and waits until all is well.
 *
 * @param awayMs how long it stays dead; 0 starts it at once.
 */
export async function makeFault(running: RunningStack, victim: string, awayMs: number): Promise<Fault> {
  const service = `${running.outputs.prefix}-${victim}`;
  const before = await serviceNow(running, service);
  const killedAtMs = Date.now();
  if (awayMs === 0) await act(running, service, "kill");
  else {
    await strike(running, service);
    await new Promise((resolve) => setTimeout(resolve, awayMs));
  }
  await act(running, service, "start");

  let flows = false;
  for (const deadline = Date.now() + recoveredWithinMs; Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await serviceNow(running, service).catch(() => undefined);
    // What ran before may still be there for a moment; it mustn't pass for the new incarnation.
    if (now?.state !== "running" || now.pid === before?.pid) continue;
    const isWell = /^kafka\d+$/.test(victim)
      ? (await obstaclesToWhole(running.outputs)).length === 0
      : now.healthy !== false;
    if (!isWell) continue;
    flows ||= await flowsFrom(running.outputs, killedAtMs).catch(() => false);
    if (flows) return { victim, killedAtMs, recoveredAfterMs: Date.now() - killedAtMs };
  }
  return { victim, killedAtMs, recoveredAfterMs: undefined };
}

/** Where the span of one fault ends and that of the next begins: halfway between the recovery and the next kill. */
export function boundsBetween(faults: readonly Fault[]): number[] {
  return faults.slice(1).map((fault, index) => {
    const before = faults[index];
    const recovered = before ? before.killedAtMs + (before.recoveredAfterMs ?? 0) : 0;
    return (recovered + fault.killedAtMs) / 2;
  });
}
