import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle } from "node:fs/promises";

/* An encrypted file: mark, salt, nonce, the archive under AES-256-GCM with a key by scrypt from the passphrase, tag. */
const mark = Buffer.from("weather-backup-1");
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = mark.length + saltBytes + nonceBytes;

/** Turns what is written into what stands in the file. */
export interface Encryption {
  /** What begins the file. */
  readonly header: Buffer;
  update(plain: Buffer): Buffer;
  /** What ends the file. */
  final(): Buffer;
}

/** Encryption with a passphrase; a salt and a nonce of its own for each file. */
export function encryption(passphrase: string): Encryption {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", keyFrom(passphrase, salt), nonce);
  return {
    header: Buffer.concat([mark, salt, nonce]),
    update: (plain) => cipher.update(plain),
    final: () => Buffer.concat([cipher.final(), cipher.getAuthTag()]),
  };
}

/** Whether a file is encrypted as {@link encryption} does it. */
export async function isEncrypted(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(mark.length), 0, mark.length, 0);
  return bytesRead === mark.length && buffer.equals(mark);
}

/**
 * The content of an encrypted file. Only once all of it was read is it sure that nothing was altered.
 *
 * @throws Error at the end, where the passphrase is wrong or the file isn't what was written.
 */
export async function* decrypted(
  file: string,
  handle: FileHandle,
  passphrase: string,
): AsyncGenerator<Buffer> {
  const { size } = await handle.stat();
  if (size < headerBytes + tagBytes) throw new Error("it ends before its end");
  const header = Buffer.alloc(headerBytes);
  await handle.read(header, 0, headerBytes, 0);
  const tag = Buffer.alloc(tagBytes);
  await handle.read(tag, 0, tagBytes, size - tagBytes);
  const salt = header.subarray(mark.length, mark.length + saltBytes);
  const nonce = header.subarray(mark.length + saltBytes);
  const decipher = createDecipheriv("aes-256-gcm", keyFrom(passphrase, salt), nonce).setAuthTag(tag);
  if (size > headerBytes + tagBytes) {
    const body = createReadStream(file, { start: headerBytes, end: size - tagBytes - 1 });
    for await (const chunk of body as AsyncIterable<Buffer>) yield decipher.update(chunk);
  }
  decipher.final();
}

function keyFrom(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 });
}
