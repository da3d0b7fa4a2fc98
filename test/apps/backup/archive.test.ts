import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { ArchiveWriter, BackupRefused, readParts, verifyBackup } from "../../../apps/backup/archive";
import { folderDestination } from "../../../apps/backup/folder-destination";
import { type PartContent } from "../../../apps/backup/manifest";

// A key from a passphrase is meant to take its time.
jest.setTimeout(60_000);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-archive-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const rest = {
  format: "weather-backup" as const,
  version: 1 as const,
  environment: "weather-dev",
  begun: "2026-01-31T10:00:00.000Z",
  finished: "2026-01-31T10:00:05.000Z",
  kafka: { clusterId: "5L6g3nShT-eMCtK--X86sw", topics: [], groups: [] },
  influxdb: { org: "myorg", buckets: [] },
};
const contents: [PartContent, Buffer][] = [
  [{ kind: "messages", topic: "weather", partition: 3 }, Buffer.from("a record\n")],
  [{ kind: "shard", bucket: "weather", shard: 7 }, randomBytes(70_000)],
  [{ kind: "shard", bucket: "weather", shard: 8 }, Buffer.alloc(0)],
];

const destination = folderDestination(folder);
const stored = (file: string) => folderDestination(path.dirname(file)).open(path.basename(file));

async function written(name: string, passphrase?: string): Promise<string> {
  const file = path.join(folder, name);
  const archive = await ArchiveWriter.begin(await destination.begin(name), passphrase);
  for (const [holds, content] of contents) await archive.add(holds, content);
  await archive.finish(rest);
  return file;
}

/** A copy of a file with its bytes changed. */
function changed(file: string, change: (bytes: Buffer) => Buffer): string {
  const copy = `${file}.changed`;
  fs.writeFileSync(copy, change(fs.readFileSync(file)));
  return copy;
}

const passphrases = [undefined, "correct horse"] as const;

test.each(passphrases)("what was written is read back, part by part (passphrase %s)", async (passphrase) => {
  const file = await written(`whole-${String(passphrase)}`, passphrase);
  const manifest = await verifyBackup(stored(file), passphrase);
  expect(manifest).toMatchObject(rest);
  const read: [PartContent, Buffer][] = [];
  for await (const { holds, compressed } of readParts(stored(file), manifest, passphrase))
    read.push([holds, gunzipSync(compressed)]);
  expect(read).toEqual(contents);
  expect(fs.existsSync(`${file}.partial`)).toBe(false);
});

test("a backup has its name only once it is whole, and none is left of one that was given up", async () => {
  const growing = await destination.begin("given-up");
  const archive = await ArchiveWriter.begin(growing);
  await archive.add({ kind: "messages", topic: "weather", partition: 0 }, Buffer.from("x"));
  expect(await destination.list("given-up")).toEqual(["given-up.partial"]);
  await growing.abandon();
  expect(await destination.list("given-up")).toEqual([]);
});

test.each(passphrases)("cut off anywhere it is refused (passphrase %s)", async (passphrase) => {
  const file = await written(`cut-${String(passphrase)}`, passphrase);
  const { size } = fs.statSync(file);
  for (const length of [0, 1, 20, 512, 600, Math.floor(size / 2), size - 1_024, size - 1]) {
    const cut = changed(file, (bytes) => bytes.subarray(0, length));
    const refusal: unknown = await verifyBackup(stored(cut), passphrase).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BackupRefused);
    expect(String(refusal)).toContain("Nothing was touched");
  }
});

test.each(passphrases)("with one byte altered it is refused (passphrase %s)", async (passphrase) => {
  const file = await written(`altered-${String(passphrase)}`, passphrase);
  const bytes = fs.readFileSync(file);
  const end = bytes.indexOf(Buffer.from("weather-dev"));
  const places = [5, 130, 520, 1_300, 40_000, end < 0 ? bytes.length - 30 : end];
  for (const at of places) {
    const altered = changed(file, (copy) => {
      copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
      return copy;
    });
    await expect(verifyBackup(stored(altered), passphrase)).rejects.toThrow(BackupRefused);
  }
});

test("a part that is missing, or two that changed places, are refused", async () => {
  const file = await written("moved");
  // Headers and contents fill whole blocks: the first part takes two, the last two.
  const without = changed(file, (bytes) => bytes.subarray(1_024));
  await expect(verifyBackup(stored(without))).rejects.toThrow(/2 parts instead of 3/);
});

test("an encrypted backup shows nothing, and wants its own passphrase", async () => {
  const file = await written("secret", "correct horse");
  expect(fs.readFileSync(file).includes("ustar")).toBe(false);
  expect(fs.statSync(file).mode & 0o077).toBe(0);
  await expect(verifyBackup(stored(file))).rejects.toThrow(/is encrypted: say --passphrase-file/);
  await expect(verifyBackup(stored(file), "battery staple")).rejects.toThrow(/the passphrase is wrong/);
});

test("what is no backup is refused, and so is one of a later version", async () => {
  await expect(verifyBackup(destination.open("absent"))).rejects.toThrow(/can't be read: .*ENOENT/);
  const other = path.join(folder, "other");
  fs.writeFileSync(other, "not a backup at all".repeat(100));
  await expect(verifyBackup(stored(other))).rejects.toThrow(/isn't a tar archive/);
  const archive = await ArchiveWriter.begin(await destination.begin("later"));
  await expect(archive.finish({ ...rest, version: 2 as 1 })).rejects.toThrow(
    /version is of a version that this program doesn't know/,
  );
});

test("what an attempt that broke off has left is removed, of its own environment alone", async () => {
  const place = folderDestination(path.join(folder, "place"));
  await place.removeUnfinished("weather-dev");
  for (const name of ["weather-dev-20260131T100000Z.tar", "weather-dev-2-20260131T100000Z.tar"]) {
    const growing = await place.begin(name);
    await growing.write(Buffer.from("x"));
    await growing.end();
  }
  await place.removeUnfinished("weather-dev");
  expect(await place.list("")).toEqual(["weather-dev-2-20260131T100000Z.tar.partial"]);
});
