/** Bytes of a header, and what every entry is filled up to. */
const block = 512;

/** Longest entry that is read: the parts of a backup are shorter by far, and a header may be garbage. */
const longestEntry = 1024 ** 3;

/** One file in an archive. */
export interface TarEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** Two empty blocks: without them an archive was cut off. */
export const endOfTar = Buffer.alloc(2 * block);

/**
 * A file as it stands in a tar archive (ustar, POSIX.1-1988): header, content, filling.
 *
 * @throws RangeError where the name has more than 100 bytes.
 */
export function tarEntry(name: string, content: Buffer, modified: Date): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`${name} has more than 100 bytes`);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  const header = Buffer.alloc(block);
  header.write(name, 0);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(Math.floor(modified.getTime() / 1_000), 11), 136);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  header.write(`${octal(checksum(header), 6)}\u0000 `, 148);
  return Buffer.concat([header, content, Buffer.alloc(filling(content.length))]);
}

/**
 * The entries of an archive, one after the other.
 *
 * @throws Error where it isn't a tar archive, was altered in a header, or ends before its end.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const take = taker(chunks);
  for (;;) {
    const header = await take(block);
    if (header.every((byte) => byte === 0)) {
      await take(block);
      return;
    }
    const text = (at: number, length: number) =>
      header
        .subarray(at, at + length)
        .toString("utf8")
        .replace(/\0.*$/s, "");
    if (text(257, 5) !== "ustar" || parseInt(text(148, 8), 8) !== checksum(header))
      throw new Error("it isn't a tar archive, or was altered");
    const length = parseInt(text(124, 12), 8);
    if (!(length >= 0 && length <= longestEntry)) throw new Error("the length of an entry was altered");
    const content = await take(length);
    await take(filling(length));
    yield { name: text(0, 100), content };
  }
}

/** Sum of a header's bytes, those of the sum itself taken for blanks. */
function checksum(header: Buffer): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

function filling(length: number): number {
  return (block - (length % block)) % block;
}

/** Hands out so many bytes at a time, however they come in. */
function taker(chunks: AsyncIterable<Buffer>): (length: number) => Promise<Buffer> {
  const source = chunks[Symbol.asyncIterator]();
  let held: Buffer[] = [];
  let bytes = 0;
  return async (length) => {
    while (bytes < length) {
      const next = await source.next();
      if (next.done === true) throw new Error("it ends before its end");
      held.push(next.value);
      bytes += next.value.length;
    }
    const all = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held = [all.subarray(length)];
    bytes -= length;
    return all.subarray(0, length);
  };
}
