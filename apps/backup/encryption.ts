import { createCipheriv, createDecipheriv, type DecipherGCM, randomBytes, scryptSync } from "node:crypto";

/* An encrypted file: mark, salt, nonce, the archive under AES-256-GCM with a key by scrypt from the passphrase, tag. */
const mark = Buffer.from("weather-backup-1");
/** Bytes of a file by which {@link isEncrypted} tells. */
export const markBytes = mark.length;
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = markBytes + saltBytes + nonceBytes;

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

/** Whether a file that begins so is encrypted as {@link encryption} does it. */
export function isEncrypted(beginning: Buffer): boolean {
  return beginning.subarray(0, markBytes).equals(mark);
}

/**
 * The content of an encrypted file. Only once all of it was read is it sure that nothing was altered.
 *
 * @throws Error at the end, where the passphrase is wrong or the file isn't what was written.
 */
export async function* decrypted(file: AsyncIterable<Buffer>, passphrase: string): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  let decipher: DecipherGCM | undefined;
  for await (const chunk of file) {
    held = Buffer.concat([held, chunk]);
    if (!decipher) {
      if (held.length < headerBytes + tagBytes) continue;
      const salt = held.subarray(markBytes, markBytes + saltBytes);
      const nonce = held.subarray(markBytes + saltBytes, headerBytes);
      decipher = createDecipheriv("aes-256-gcm", keyFrom(passphrase, salt), nonce);
      held = held.subarray(headerBytes);
    }
    // Whatever comes last is the tag.
    yield decipher.update(held.subarray(0, -tagBytes));
    held = held.subarray(-tagBytes);
  }
  if (!decipher) throw new Error("it ends before its end");
  decipher.setAuthTag(held).final();
}

function keyFrom(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase, salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 });
}
