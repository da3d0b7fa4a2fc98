import { spawn } from "node:child_process";
import { projectRoot } from "../arguments";
import { PeakMemory } from "./process-tree";

/** How a command went. */
export interface Timed {
  /** Until it ended, or printed what was waited for. */
  readonly seconds: number;
  readonly peakMiB: number;
}

/**
 * Runs a command, its output kept from the terminal.
 *
 * @param until ends the clock when it stands in the output; the command still runs to its end. Default: its end does.
 * @throws Error with its last lines where it fails, or doesn't print that.
 */
export async function timed(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
  until?: RegExp,
): Promise<Timed> {
  const begun = performance.now();
  const child = spawn(program, args, {
    cwd: projectRoot,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  const memory = new PeakMemory(child.pid ?? 0);
  let output = "";
  let seen: number | undefined;
  const read = (chunk: Buffer) => {
    output += chunk.toString();
    if (until?.test(output)) seen ??= performance.now();
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  let peakMiB = 0;
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    // What a detached run leaves going may hold the pipes.
    child.once("exit", resolve);
  }).finally(() => {
    peakMiB = memory.end();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const ended = until === undefined ? performance.now() : seen;
  if (code !== 0 || ended === undefined)
    throw new Error(
      `${[program, ...args].join(" ")} ended with code ${String(code)}: ${output.trim().split("\n").slice(-5).join(" / ")}`,
    );
  return { seconds: (ended - begun) / 1_000, peakMiB };
}
