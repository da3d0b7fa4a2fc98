import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type BuildStatus } from "../../../embedded/acquire/build-output";
import { BuildFailedError, runStep } from "../../../embedded/acquire/build-step";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "step-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

async function shell(
  script: string,
  more: { endAfter?: RegExp; limitMs?: number; signal?: AbortSignal; command?: string } = {},
): Promise<BuildStatus[]> {
  const told: BuildStatus[] = [];
  const log = path.join(folder, "log");
  await runStep(
    {
      item: "thing-1.0.0",
      command: "sh",
      args: ["-c", script],
      cwd: folder,
      env: { ...process.env, BUILD_LOG: log },
      log,
      phase: "begun",
      read: (line) => (line.startsWith("phase ") ? { phase: line.slice(6), detail: "so far" } : undefined),
      ...more,
    },
    (status) => told.push(status),
  );
  return told;
}

test("a phase is told as soon as it changes, also where a program further down writes it into the log", async () => {
  const told = await shell("echo phase one; sleep 0.6; echo phase two >>$BUILD_LOG; sleep 0.6");
  expect(told.map(({ phase }) => phase)).toEqual(["begun", "one", "two"]);
  expect(told[1]?.detail).toMatch(/^so far, \d s$/);
});

test("a failure names the item, the status, the log and its last lines", async () => {
  const failed = shell("echo first >&2; echo 'main.go:1: wrong'; exit 3");
  await expect(failed).rejects.toThrow(BuildFailedError);
  await expect(failed).rejects.toThrow(
    /thing-1\.0\.0 could not be obtained: `sh -c` ended with 3\. The last lines of .*\/log:\n(.*\n)* {2}main\.go:1: wrong\n/,
  );
});

test("a full disk is called so", async () => {
  await expect(shell("echo 'write out.a: no space left on device'; exit 1")).rejects.toThrow(
    /the disk is full.*\n(.*\n)*Make room/,
  );
});

test("a command that isn't there is a failure", async () => {
  await expect(shell("", { command: "no-such-command" })).rejects.toThrow(/ENOENT/);
});

test("a command that takes too long is ended", async () => {
  await expect(shell("exec sleep 30", { limitMs: 300 })).rejects.toThrow(/took longer than 0.3 s/);
});

test("a command is ended in order after the line awaited", async () => {
  await shell("trap 'touch ended; exit 143' TERM; echo started; while :; do sleep 0.05; done", {
    endAfter: /^started$/,
  });
  expect(fs.readdirSync(folder)).toContain("ended");
});

test("an aborted command is ended, and the reason thrown", async () => {
  const begunMs = Date.now();
  const abort = new AbortController();
  setTimeout(() => {
    abort.abort(new Error("no longer wanted"));
  }, 100);
  await expect(shell("exec sleep 30", { signal: abort.signal })).rejects.toThrow("no longer wanted");
  expect(Date.now() - begunMs).toBeLessThan(5_000);
});
