import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { reasonOf } from "../shared/log";
import { DestinationError, type GrowingArchive, type StoredArchive } from "./destination";
import { decrypted, encryption, type Encryption, isEncrypted, markBytes } from "./encryption";
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
 * It is encrypted where there is a passphrase, and kept once it was read back whole.
 */
export class ArchiveWriter {
  readonly #parts: Manifest["parts"] = [];
  #bytes = 0;

  private constructor(
    private readonly growing: GrowingArchive,
    private readonly passphrase: string | undefined,
    private readonly encryption: Encryption | undefined,
  ) {}

  static async begin(growing: GrowingArchive, passphrase?: string): Promise<ArchiveWriter> {
    const encrypting = passphrase === undefined ? undefined : encryption(passphrase);
    const archive = new ArchiveWriter(growing, passphrase, encrypting);
    if (encrypting) await archive.#write(encrypting.header);
    return archive;
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
    await this.#writePlain(tarEntry(name, compressed, new Date()));
  }

  /**
   * Ends the backup, reads it back, and only then keeps it.
   *
   * @returns its manifest and its length.
   * @throws BackupRefused where it isn't read back as it was written.
   */
  async finish(manifest: Omit<Manifest, "parts">): Promise<{ manifest: Manifest; bytes: number }> {
    const text = Buffer.from(JSON.stringify({ ...manifest, parts: this.#parts }, null, 2));
    await this.#writePlain(tarEntry(manifestName, text, new Date()));
    await this.#writePlain(
      tarEntry(checksumName, Buffer.from(`${sha256(text)}  ${manifestName}\n`), new Date()),
    );
    await this.#writePlain(endOfTar);
    if (this.encryption) await this.#write(this.encryption.final());
    await this.growing.end();
    const readBack = await verifyBackup(this.growing, this.passphrase);
    await this.growing.keep();
    return { manifest: readBack, bytes: this.#bytes };
  }

  async #writePlain(plain: Buffer): Promise<void> {
    await this.#write(this.encryption ? this.encryption.update(plain) : plain);
  }

  async #write(bytes: Buffer): Promise<void> {
    await this.growing.write(bytes);
    this.#bytes += bytes.length;
  }
}

/**
 * Reads a whole backup and compares every checksum.
 *
 * @throws BackupRefused where it was cut off or altered, isn't a backup, or the passphrase is missing or wrong; DestinationError where it
 * can't be read.
 */
export async function verifyBackup(archive: StoredArchive, passphrase?: string): Promise<Manifest> {
  try {
    let manifest: Buffer | undefined;
    let checksum: string | undefined;
    const seen: { name: string; sha256: string }[] = [];
    for await (const { name, content } of entries(archive, passphrase)) {
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
    if (error instanceof BackupRefused || error instanceof DestinationError) throw error;
    throw new BackupRefused(`${archive.name} can't be restored: ${reasonOf(error)}. Nothing was touched.`);
  }
}

/** The parts of a backup that {@link verifyBackup} has found whole, in order, still compressed. */
export async function* readParts(
  archive: StoredArchive,
  { parts }: Manifest,
  passphrase?: string,
): AsyncGenerator<{ holds: PartContent; compressed: Buffer }> {
  let index = 0;
  for await (const { name, content } of entries(archive, passphrase)) {
    const part = parts[index++];
    if (!part) continue;
    if (part.name !== name || part.sha256 !== sha256(content))
      throw new Error(`${archive.name} was changed while it was being restored: begin anew with a whole one`);
    yield { holds: part.holds, compressed: content };
  }
}

async function* entries(archive: StoredArchive, passphrase: string | undefined) {
  const chunks = archive.read()[Symbol.asyncIterator]();
  try {
    const beginning = await firstBytes(chunks, markBytes);
    const all = continued(beginning, chunks);
    if (!isEncrypted(beginning)) {
      yield* readTar(all);
      return;
    }
    if (passphrase === undefined)
      throw new BackupRefused(
        `${archive.name} is encrypted: say --passphrase-file FILE. Nothing was touched.`,
      );
    const plain = decrypted(all, passphrase);
    try {
      yield* readTar(plain);
      // What is left is nothing, but its end proves the rest.
      for await (const more of plain) if (more.length > 0) throw new Error("there is more after its end");
    } catch (error) {
      if (error instanceof DestinationError) throw error;
      throw new Error(`the passphrase is wrong, or the file was cut off or altered (${reasonOf(error)})`, {
        cause: error,
      });
    }
  } finally {
    await chunks.return?.();
  }
}

/** At least so many bytes, or all there are. */
async function firstBytes(chunks: AsyncIterator<Buffer>, length: number): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < length) {
    const next = await chunks.next();
    if (next.done === true) break;
    bytes = Buffer.concat([bytes, next.value]);
  }
  return bytes;
}

async function* continued(beginning: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield beginning;
  for (;;) {
    const next = await rest.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
