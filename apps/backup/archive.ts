import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { reasonOf } from "../shared/log";
import { decrypted, encryption, type Encryption, isEncrypted } from "./encryption";
import { type Manifest, manifestSchema, type PartContent } from "./manifest";
import { endOfTar, readTar, tarEntry } from "./tar";

const compress = promisify(gzip);

/** A file that can't serve as a backup, with the reason. Nothing was touched. */
export class BackupRefused extends Error {}

const manifestName = "manifest.json";
const checksumName = "manifest.json.sha256";

/**
 * Writes a backup: one tar archive of compressed parts, then the manifest with the checksum of each, then the manifest's own.
 *
 * It grows as `<file>.partial`, encrypted where there is a passphrase, and gets its name once it was read back whole.
 */
export class ArchiveWriter {
  readonly #parts: Manifest["parts"] = [];

  private constructor(
    private readonly file: string,
    private readonly passphrase: string | undefined,
    private readonly handle: FileHandle,
    private readonly encryption: Encryption | undefined,
  ) {}

  /** Begins a backup; it is readable by its owner only. */
  static async create(file: string, passphrase?: string): Promise<ArchiveWriter> {
    const handle = await open(partial(file), "w", 0o600);
    const encrypting = passphrase === undefined ? undefined : encryption(passphrase);
    if (encrypting) await handle.writeFile(encrypting.header);
    return new ArchiveWriter(file, passphrase, handle, encrypting);
  }

  /** Adds a part, compressed. One at a time. */
  async add(holds: PartContent, content: Buffer): Promise<void> {
    const compressed = await compress(content);
    const number = String(this.#parts.length + 1).padStart(6, "0");
    const label =
      holds.kind === "messages"
        ? `kafka-${holds.topic.slice(0, 50)}-${holds.partition}.ndjson`
        : `influxdb-shard-${holds.shard}.tar`;
    const name = `${number}-${label}.gz`;
    this.#parts.push({ name, bytes: compressed.length, sha256: sha256(compressed), holds });
    await this.#write(tarEntry(name, compressed, new Date()));
  }

  /**
   * Ends the backup, reads it back, and only then gives it its name.
   *
   * @returns its manifest and its length.
   * @throws BackupRefused where it can't be read back.
   */
  async finish(manifest: Omit<Manifest, "parts">): Promise<{ manifest: Manifest; bytes: number }> {
    const text = Buffer.from(JSON.stringify({ ...manifest, parts: this.#parts }, null, 2));
    await this.#write(tarEntry(manifestName, text, new Date()));
    await this.#write(tarEntry(checksumName, Buffer.from(`${sha256(text)}  ${manifestName}\n`), new Date()));
    await this.#write(endOfTar);
    if (this.encryption) await this.handle.writeFile(this.encryption.final());
    await this.handle.sync();
    const { size } = await this.handle.stat();
    await this.handle.close();
    const readBack = await verifyBackup(partial(this.file), this.passphrase);
    await rename(partial(this.file), this.file);
    return { manifest: readBack, bytes: size };
  }

  /** Gives up: nothing stays. */
  async abandon(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    await rm(partial(this.file), { force: true });
  }

  async #write(plain: Buffer): Promise<void> {
    await this.handle.writeFile(this.encryption ? this.encryption.update(plain) : plain);
  }
}

/** Where a backup grows. */
export function partial(file: string): string {
  return `${file}.partial`;
}

/**
 * Reads a whole backup and compares every checksum.
 *
 * @throws BackupRefused where it was cut off or altered, isn't a backup, or the passphrase is missing or wrong.
 */
export async function verifyBackup(file: string, passphrase?: string): Promise<Manifest> {
  try {
    let manifest: Buffer | undefined;
    let checksum: string | undefined;
    const seen: { name: string; sha256: string }[] = [];
    for await (const { name, content } of entries(file, passphrase)) {
      if (name === manifestName) manifest = content;
      else if (name === checksumName) checksum = content.toString().split(" ")[0];
      else seen.push({ name, sha256: sha256(content) });
    }
    if (!manifest || checksum !== sha256(manifest)) throw new Error("its manifest is missing or was altered");
    const read = manifestSchema.safeParse(JSON.parse(manifest.toString()));
    if (!read.success)
      throw new Error(read.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`)[0]);
    const { parts } = read.data;
    if (parts.length !== seen.length)
      throw new Error(`it has ${seen.length} parts instead of ${parts.length}`);
    parts.forEach(({ name, sha256 }, index) => {
      if (seen[index]?.name !== name || seen[index].sha256 !== sha256)
        throw new Error(`its part ${name} was altered`);
    });
    return read.data;
  } catch (error) {
    if (error instanceof BackupRefused) throw error;
    throw new BackupRefused(`${file} can't be restored: ${reasonOf(error)}. Nothing was touched.`);
  }
}

/** The parts of a backup that {@link verifyBackup} has found whole, in order, still compressed. */
export async function* readParts(
  file: string,
  { parts }: Manifest,
  passphrase?: string,
): AsyncGenerator<{ holds: PartContent; compressed: Buffer }> {
  let index = 0;
  for await (const { name, content } of entries(file, passphrase)) {
    const part = parts[index++];
    if (!part) continue;
    if (part.name !== name || part.sha256 !== sha256(content))
      throw new Error(`${file} was changed while it was being restored: begin anew with a whole one`);
    yield { holds: part.holds, compressed: content };
  }
}

async function* entries(file: string, passphrase: string | undefined) {
  const handle = await open(file).catch((error: unknown) => {
    throw new BackupRefused(`${file} can't be read: ${reasonOf(error)}`);
  });
  try {
    if (!(await isEncrypted(handle))) {
      yield* readTar(createReadStream(file) as AsyncIterable<Buffer>);
      return;
    }
    if (passphrase === undefined)
      throw new BackupRefused(`${file} is encrypted: say --passphrase-file FILE. Nothing was touched.`);
    const plain = decrypted(file, handle, passphrase);
    try {
      yield* readTar(plain);
      // What is left is nothing, but its end proves the rest.
      for await (const more of plain) if (more.length > 0) throw new Error("there is more after its end");
    } catch (error) {
      throw new Error(`the passphrase is wrong, or the file was cut off or altered (${reasonOf(error)})`, {
        cause: error,
      });
    }
  } finally {
    await handle.close();
  }
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
