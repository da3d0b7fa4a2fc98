import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { ProcessBook, signalGroup, startTicks } from "../../embedded/processes";
import { isAlive, scratchFolder, until } from "./scratch";

let folder: string;
let file: string;
let children: ChildProcess[] = [];
beforeEach(() => {
  folder = scratchFolder();
  file = path.join(folder, "processes.json");
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children = [];
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A process in a group of its own, which ends by itself after 30 s at most. */
function started(script = "setTimeout(() => {}, 30_000)"): number {
  const child = spawn(process.execPath, ["-e", script], { stdio: "ignore", detached: true });
  children.push(child);
  if (child.pid === undefined) throw new Error("nothing was started");
  return child.pid;
}

test("a process is told from a later one of the same id by its start", () => {
  expect(startTicks(process.pid)).toMatch(/^\d+$/);
  expect(startTicks(process.pid)).toBe(startTicks(process.pid));
  expect(startTicks(2 ** 22 + 1)).toBeUndefined();
});

test("what an earlier run left behind is ended, with its children, and the book is closed", async () => {
  const childFile = path.join(folder, "child");
  const pid = started(
    `const c = require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"]); require("fs").writeFileSync(${JSON.stringify(childFile)}, String(c.pid)); setTimeout(() => {}, 30000)`,
  );
  await until(
    "its child is there",
    () => fs.existsSync(childFile) && fs.readFileSync(childFile, "utf8") !== "",
  );
  const child = Number(fs.readFileSync(childFile, "utf8"));
  const book = new ProcessBook(file);
  book.add(pid);
  book.add(started("process.exit(0)"));
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  await until("the second one has ended", () => children[1]?.exitCode !== null);
  expect(await ProcessBook.endLeftovers(file)).toBe(1);
  expect(isAlive(pid)).toBe(false);
  await until("its child is gone too", () => !isAlive(child));
  expect(fs.existsSync(file)).toBe(false);
});

test("a process that got the id of one that was ours is left alone", async () => {
  const pid = started();
  fs.writeFileSync(file, JSON.stringify([{ pid, startTicks: String(Number(startTicks(pid)) - 1) }]));
  expect(await ProcessBook.endLeftovers(file)).toBe(0);
  expect(isAlive(pid)).toBe(true);
});

test("without a book there is nothing to end", async () => {
  expect(await ProcessBook.endLeftovers(path.join(folder, "none"))).toBe(0);
});

test("the book forgets what has ended, and takes nothing that isn't there", async () => {
  const book = new ProcessBook(file);
  const first = started("process.exit(0)");
  book.add(first);
  await until("it has ended", () => children[0]?.exitCode !== null);
  const second = started();
  book.add(second);
  book.add(2 ** 22 + 1);
  expect(JSON.parse(fs.readFileSync(file, "utf8"))).toEqual([
    { pid: second, startTicks: startTicks(second) },
  ]);
});

test("a signal to a group that's gone is no error", () => {
  expect(() => {
    signalGroup(2 ** 22 + 1, "SIGTERM");
  }).not.toThrow();
});
