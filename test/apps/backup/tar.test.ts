import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { endOfTar, readTar, tarEntry } from "../../../apps/backup/tar";

const entries = [
  { name: "empty", content: Buffer.alloc(0) },
  { name: "a block", content: Buffer.alloc(512, "b") },
  { name: "more", content: Buffer.alloc(1_300, "c") },
];
const archive = Buffer.concat([
  ...entries.map(({ name, content }) => tarEntry(name, content, new Date("2026-01-31T10:00:00Z"))),
  endOfTar,
]);

/** The bytes in pieces of a length. */
async function* pieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length)
    yield await Promise.resolve(bytes.subarray(at, at + length));
}

test.each([1, 100, 512, 4_096])("is read back from pieces of %i bytes", async (length) => {
  const read = [];
  for await (const entry of readTar(pieces(archive, length))) read.push(entry);
  expect(read).toEqual(entries);
});

test("the machine's own tar reads it", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-tar-"));
  try {
    fs.writeFileSync(path.join(folder, "archive"), archive);
    const { status, stdout } = spawnSync("tar", ["-xOf", "archive", "more"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, "c".repeat(1_300)]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test("a name that has no room is refused", () => {
  expect(() => tarEntry("x".repeat(101), Buffer.alloc(0), new Date(0))).toThrow(RangeError);
});
