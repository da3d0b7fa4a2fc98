import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpError } from "@influxdata/influxdb-client";
import { Backlog } from "../../../apps/inject/backlog";
import { Spool } from "../../../apps/inject/spool";
import { Writer } from "../../../apps/inject/writer";

let directory = "";
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "weather-spool-"))));
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Takes everything out, in order. */
function drained(backlog: Backlog): string[] {
  const lines: string[] = [];
  for (let batch = backlog.oldest(); batch; batch = backlog.oldest()) {
    lines.push(...batch.lines);
    backlog.remove(batch);
  }
  return lines;
}

test("without a spool the oldest lines are dropped, and counted", () => {
  let dropped = 0;
  const backlog = new Backlog({ maxLines: 3 }, (lines) => (dropped += lines));
  for (const lines of [["1", "2"], ["3"], ["4"]]) backlog.push(lines);
  expect(dropped).toBe(2);
  expect(backlog.linesInMemory).toBe(2);
  expect(drained(backlog)).toEqual(["3", "4"]);
  expect(backlog.isEmpty).toBe(true);
});

test("with a spool nothing is dropped, and the order is kept", () => {
  const backlog = new Backlog({ maxLines: 2, spool: new Spool(directory) }, () => {
    throw new Error("nothing may be dropped");
  });
  backlog.push(["1", "2"]);
  backlog.push(["3"]);
  const first = backlog.oldest();
  if (first) backlog.remove(first);
  // Memory has room again, but what is on disk comes first.
  backlog.push(["4"]);
  expect(backlog.linesInMemory).toBe(0);
  expect(drained(backlog)).toEqual(["3", "4"]);
  expect(readdirSync(directory)).toEqual([]);
});

test("without a spool what is left at the end is counted as dropped", () => {
  const dropped: unknown[] = [];
  const backlog = new Backlog({ maxLines: 9 }, (...what) => dropped.push(what));
  backlog.push(["1", "2"]);
  backlog.push(["3"]);
  backlog.close();
  backlog.close();
  expect(dropped).toEqual([[3, "stopped without a spool"]]);
});

test("a full spool drops its oldest lines, and counts them", () => {
  let dropped = 0;
  const backlog = new Backlog(
    { maxLines: 1, spool: new Spool(directory), maxSpoolBytes: 5 },
    (lines) => (dropped += lines),
  );
  for (const lines of [["1"], ["22", "33"], ["444"]]) backlog.push(lines);
  expect(dropped).toBe(2);
  expect(drained(backlog)).toEqual(["1", "444"]);
});

test("what is left at the end is there at the next start, older than all that follows", () => {
  const first = new Backlog({ maxLines: 2, spool: new Spool(directory) }, () => undefined);
  first.push(["1", "2"]);
  first.push(["3"]);
  first.close();
  const second = new Backlog({ maxLines: 2, spool: new Spool(directory) }, () => undefined);
  second.push(["4"]);
  expect(drained(second)).toEqual(["1", "2", "3", "4"]);
});

test("the writer repeats what fails, gives up what is refused, and keeps the order", async () => {
  const backlog = new Backlog({ maxLines: 100 }, () => undefined);
  for (const line of ["a", "bad", "b"]) backlog.push([line]);
  const events: string[] = [];
  const written: string[] = [];
  let failures = 2;
  const writer = new Writer(
    (lines) => {
      if (failures-- > 0) return Promise.reject(new Error("away"));
      if (lines.includes("bad")) return Promise.reject(new HttpError(422, "refused"));
      written.push(...lines);
      return Promise.resolve();
    },
    backlog,
    {
      written: (lines) => events.push(`written ${lines}`),
      failed: (reason, waitMs) => events.push(`${reason} ${waitMs}`),
      refused: (lines) => events.push(`refused ${lines}`),
    },
  );
  await writer.drain(new AbortController().signal);
  expect(written).toEqual(["a", "b"]);
  expect(events).toEqual(["away 250", "away 500", "written 1", "refused 1", "written 1"]);
});
