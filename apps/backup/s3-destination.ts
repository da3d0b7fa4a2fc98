import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { type Destination, type GrowingArchive, type StoredArchive } from "./destination";
import { backupsAmong } from "./retention";
import { s3Fault } from "./s3-fault";

/**
 * What is sent, and asked for, at a time. An upload has at most 10,000 parts (Amazon S3's limit, kept by others), so a backup takes up to
 * 78 GiB; more than the 64 GiB that can be encrypted.
 */
const partBytes = 8 * 1024 * 1024;

/** How often a part is sent, or asked for, before the store counts as away. */
const attempts = 5;

/** A bucket of Amazon S3, or of a store that speaks its protocol. */
export interface S3Settings {
  readonly bucket: string;
  /** Begins the objects' names, without a slash at its ends. Default: none. */
  readonly prefix?: string | undefined;
  /** Default: as the AWS SDK finds it, in `AWS_REGION` or the profile. */
  readonly region?: string | undefined;
  /** The store's address. Default: Amazon's own. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket stands in the path, not in the host's name. Default: where there is an endpoint. */
  readonly forcePathStyle?: boolean | undefined;
  /** Default: as the AWS SDK finds them. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** PEM of the authority behind the store's certificate. Default: Node's own. */
  readonly ca?: string | undefined;
}

/**
 * A bucket. A backup goes there while it is being written, in parts of 8 MiB, one after the other, so that it needs no disk here and
 * little memory; its object is there once all of it is. Where anything breaks off, parts and object are removed.
 *
 * Each part is sent up to 5 times. What fails for good, fails with a DestinationError.
 */
export function s3Destination(settings: S3Settings): Destination {
  const { bucket: Bucket, prefix = "", endpoint, ca } = settings;
  const client = new S3Client({
    ...(settings.region !== undefined && { region: settings.region }),
    ...(endpoint !== undefined && { endpoint }),
    // A copy: the SDK writes into it.
    ...(settings.credentials && { credentials: { ...settings.credentials } }),
    forcePathStyle: settings.forcePathStyle ?? endpoint !== undefined,
    maxAttempts: attempts,
    // Not every store knows S3's newer checksums; a backup has its own, and is read back.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: 10_000,
      socketTimeout: 60_000,
      ...(ca !== undefined && { httpsAgent: { ca } }),
    },
  });
  const keyOf = (file: string) => (prefix === "" ? file : `${prefix}/${file}`);
  const nameOf = (file: string) => `s3://${Bucket}/${keyOf(file)}`;
  const place = prefix === "" ? `s3://${Bucket}` : `s3://${Bucket}/${prefix}`;
  const store = endpoint ?? "Amazon S3";
  const fault = (error: unknown, of = place) => s3Fault(error, { place: of, bucket: Bucket, store });
  /** Objects that may stand though they weren't read back. */
  const unproven = new Set<string>();

  const remove = async (file: string): Promise<void> => {
    try {
      await client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(file) }));
    } catch (error) {
      throw fault(error, nameOf(file));
    }
  };

  const list = async (beginning: string): Promise<string[]> => {
    const names: string[] = [];
    try {
      for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix: keyOf(beginning) }))
        for (const { Key } of page.Contents ?? [])
          if (Key !== undefined) names.push(Key.slice(keyOf("").length));
    } catch (error) {
      throw fault(error);
    }
    return names;
  };

  const removeUnfinished = async (environment: string): Promise<void> => {
    for (const file of [...unproven]) {
      await remove(file);
      unproven.delete(file);
    }
    const ours = { Bucket, Prefix: keyOf(`${environment}-`) };
    try {
      for (let marker = {}; ;) {
        const page = await client.send(new ListMultipartUploadsCommand({ ...ours, ...marker }));
        for (const { Key = "", UploadId } of page.Uploads ?? [])
          if (backupsAmong([Key.slice(keyOf("").length)], environment).length > 0)
            await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
        if (page.IsTruncated !== true) return;
        marker = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
    } catch (error) {
      throw fault(error);
    }
  };

  /** A piece of an object, and the length of all of it; the same object each time, where its mark is given. */
  const pieceOf = async (Key: string, from: number, mark: string | undefined) => {
    const Range = `bytes=${from}-${from + partBytes - 1}`;
    for (let attempt = 1; ; attempt++) {
      const answer = await client.send(new GetObjectCommand({ Bucket, Key, Range, IfMatch: mark }));
      try {
        const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
        const whole = /\/(\d+)$/.exec(answer.ContentRange ?? "")?.[1];
        return { bytes, mark: answer.ETag, length: Number(whole ?? bytes.length) };
      } catch (error) {
        // The SDK repeats what gets no answer, but not an answer that breaks off.
        if (attempt >= attempts) throw error;
        await delay(250 * 2 ** attempt);
      }
    }
  };

  async function* read(file: string): AsyncGenerator<Buffer> {
    let mark: string | undefined;
    for (let at = 0, length = Infinity; at < length;) {
      try {
        const piece = await pieceOf(keyOf(file), at, mark);
        ({ mark, length } = piece);
        if (piece.bytes.length === 0) return;
        at += piece.bytes.length;
        yield piece.bytes;
      } catch (error) {
        // An empty object has no ranges.
        if ((error as { name?: string }).name === "InvalidRange") return;
        throw fault(error, nameOf(file));
      }
    }
  }

  const begin = (file: string): GrowingArchive => {
    const body = new PassThrough({ highWaterMark: partBytes });
    const upload = new Upload({
      client,
      params: { Bucket, Key: keyOf(file), Body: body },
      partSize: partBytes,
      // Of several at a time the others would go on to the end after one has failed.
      queueSize: 1,
    });
    unproven.add(file);
    let failure: unknown;
    const done = upload.done().catch((error: unknown) => {
      failure ??= error;
      body.destroy();
    });
    const failed = () => fault(failure, nameOf(file));
    return {
      name: nameOf(file),
      write: (bytes) =>
        new Promise((resolve, reject) => {
          body.write(bytes, (error) => {
            if (error)
              void done.then(() => {
                reject(failed());
              });
            else resolve();
          });
        }),
      end: async () => {
        body.end();
        await done;
        if (failure !== undefined) throw failed();
      },
      read: () => read(file),
      keep: () => {
        unproven.delete(file);
        return Promise.resolve();
      },
      abandon: async () => {
        body.destroy(new Error("the backup was given up"));
        await done;
        await remove(file).then(
          () => unproven.delete(file),
          () => undefined,
        );
      },
    };
  };

  return {
    place,
    list,
    removeUnfinished,
    begin: (file) => Promise.resolve(begin(file)),
    open: (file): StoredArchive => ({ name: nameOf(file), read: () => read(file) }),
    remove,
  };
}
