import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../stack-config";
import { type BuildStatus, type OutputReader } from "./build-output";

const pollMs = 250;
const tellEveryMs = 5_000;
const lastLines = 15;

/** A build that failed: says which command, why as far as its last lines tell, and where the whole log stands. */
export class BuildFailedError extends UserError {
  constructor(
    readonly item: string,
    reason: string,
    readonly log: string,
    readonly tail: readonly string[],
  ) {
    const full = tail.some((line) => /no space left on device|ENOSPC/i.test(line));
    super(
      [
        `${item} could not be obtained: ${full ? "the disk is full" : reason}. The last lines of ${log}:`,
        ...tail.map((line) => `  ${line}`),
        full
          ? "Make room, or point WEATHER_CACHE (and the tools' own caches) at a larger disk; then start again."
          : "Mend what they name, then start again: what was downloaded is kept.",
      ].join("\n"),
    );
    this.name = "BuildFailedError";
  }
}

/** One command of a build. */
export interface BuildStep {
  item: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** File that its output is added to. A file, not a pipe: programs further down may then write into it as well. */
  log: string;
  /** Told until the output says more. */
  phase: string;
  read: OutputReader;
  /** Ends the command in order after this line, which then counts as success. */
  endAfter?: RegExp;
  /** Longest time it may take, in ms. Default: no limit. */
  limitMs?: number;
  signal?: AbortSignal;
}

/**
 * Runs a command of a build to its end, and tells how far it is: at once where the phase changes, else every 5 seconds.
 *
 * @throws BuildFailedError where it can't be started, fails or takes too long; the signal's reason where it is aborted.
 */
export async function runStep(step: BuildStep, tell: (status: BuildStatus) => void): Promise<void> {
  const { command, args, cwd, env, item } = step;
  const log = await fs.open(step.log, "a+");
  try {
    await log.write(`$ ${[command, ...args].join(" ")}\n`);
    let { size: position } = await log.stat();
    const startedMs = Date.now();
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", log.fd, log.fd] });
    const state: { end?: string; enough: boolean } = { enough: false };
    const ended = new Promise<void>((resolve) => {
      child.once("error", ({ message }) => {
        state.end = message;
        resolve();
      });
      child.once("exit", (code, signal) => {
        state.end ??= `\`${command} ${args[0] ?? ""}\` ended with ${signal ?? code ?? "an unknown status"}`;
        if (code === 0) state.end = "";
        resolve();
      });
    });

    let status: BuildStatus = { phase: step.phase, detail: "" };
    let tellAtMs = 0;
    let lineBegun = "";
    const readOn = async (): Promise<void> => {
      const buffer = Buffer.alloc(64 * 1024);
      for (;;) {
        const { bytesRead } = await log.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) return;
        position += bytesRead;
        const lines = (lineBegun + buffer.toString("utf8", 0, bytesRead)).split("\n");
        lineBegun = lines.pop() ?? "";
        for (const line of lines) {
          state.enough ||= step.endAfter?.test(line) ?? false;
          const next = step.read(line);
          if (next && next.phase !== status.phase) tellAtMs = 0;
          status = next ?? status;
        }
      }
    };
    const late = (): boolean => step.limitMs !== undefined && Date.now() - startedMs > step.limitMs;

    while (state.end === undefined) {
      const elapsedMs = Date.now() - startedMs;
      if (elapsedMs >= tellAtMs) {
        const detail = [status.detail, `${Math.round(elapsedMs / 1_000)} s`].filter((part) => part !== "");
        tell({ phase: status.phase, detail: detail.join(", ") });
        tellAtMs = elapsedMs + tellEveryMs;
      }
      await Promise.race([ended, sleep(pollMs)]);
      await readOn();
      if (state.enough || late() || step.signal?.aborted) child.kill("SIGTERM");
    }
    step.signal?.throwIfAborted();
    if (state.end === "" || state.enough) return;
    const reason = late() ? `\`${command}\` took longer than ${(step.limitMs ?? 0) / 1_000} s` : state.end;
    const tail = (await fs.readFile(step.log, "utf8")).trimEnd().split("\n").slice(-lastLines);
    throw new BuildFailedError(item, reason, step.log, tail);
  } finally {
    await log.close();
  }
}
