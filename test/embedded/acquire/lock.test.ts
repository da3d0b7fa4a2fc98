import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../../embedded/acquire/lock";

let folder: string;
let lock: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lock-"));
  lock = path.join(folder, ".item.lock");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function hold(holder: string): void {
  fs.mkdirSync(lock);
  fs.writeFileSync(path.join(lock, holder), "");
}

test("work under one lock never overlaps, and nothing stays behind", async () => {
  let within = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++within);
    await sleep(20);
    within--;
  };
  await Promise.all(Array.from({ length: 4 }, () => withLock(lock, work)));
  expect(most).toBe(1);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("whoever waits is told for whom", async () => {
  const told: number[] = [];
  const holding = withLock(lock, () => sleep(300));
  await sleep(50);
  await withLock(
    lock,
    () => Promise.resolve(),
    (pid) => told.push(pid),
  );
  await holding;
  expect(told).toEqual([process.pid]);
});

test("the lock of a dead process is broken", async () => {
  const child = spawn("true");
  await once(child, "exit");
  hold(`${child.pid ?? 0}-1`);
  const onWait = jest.fn();
  await expect(withLock(lock, () => Promise.resolve("done"), onWait)).resolves.toBe("done");
  expect(onWait).not.toHaveBeenCalled();
});

test("a lock whose pid now belongs to another process is broken", async () => {
  hold(`${process.pid}-1`);
  await expect(withLock(lock, () => Promise.resolve("done"))).resolves.toBe("done");
});

test("of many that find a stale lock, one at a time works", async () => {
  hold(`${process.pid}-1`);
  let within = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++within);
    await sleep(5);
    within--;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(lock, work)));
  expect(most).toBe(1);
});

test("the lock is given back when the work fails", async () => {
  await expect(withLock(lock, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(fs.existsSync(lock)).toBe(false);
});

test("waiting ends with the signal, and leaves the other's lock alone", async () => {
  const holding = withLock(lock, () => sleep(400));
  await sleep(50);
  const waiting = withLock(lock, () => Promise.resolve(), undefined, AbortSignal.timeout(50));
  await expect(waiting).rejects.toThrow(/abort/);
  expect(fs.readdirSync(folder)).toEqual([".item.lock"]);
  await holding;
});
