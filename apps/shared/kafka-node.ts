import * as net from "node:net";
import * as tls from "node:tls";

/** A client's certificate, its key and the authorities it trusts, all PEM. */
export interface ClientTls {
  ca: string;
  cert: string;
  key: string;
}

/** Reads a response of Kafka's protocol, field by field. */
export interface ResponseReader {
  readonly skip: (bytes: number) => void;
  readonly int16: () => number;
  readonly int32: () => number;
  readonly int64: () => number;
  /** An unsigned varint, such as the number and the length of a tagged field. */
  readonly varint: () => number;
  /** A compact string; empty where it is null. */
  readonly text: () => string;
  /** A compact array; empty where it is null. */
  readonly array: <T>(read: () => T) => T[];
  /** Steps over tagged fields. */
  readonly tags: () => void;
}

/** Sends one request of a flexible version (KIP-482), its fields concatenated, and resolves with the response after its header. */
export type NodeCall = (
  apiKey: number,
  version: number,
  fields: readonly Buffer[],
) => Promise<ResponseReader>;

/** A connection to one broker. Calls follow one another; they are not to overlap. */
export interface NodeConnection {
  readonly address: string;
  readonly call: NodeCall;
  close(): void;
}

/** No tagged fields. */
export const noTags = Buffer.from([0]);

/** A null compact array. */
export const nullArray = Buffer.from([0]);

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

/** A compact string. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length + 1), bytes]);
}

/** A compact array of what was encoded already. */
export function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([varint(items.length + 1), ...items]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

/**
 * Connects to one broker, and no other. kafkajs can't serve for this: it hands a request to whatever broker it likes, tries
 * again for a long time where brokers are dead, and doesn't know the quorum's nor the disks' state.
 *
 * The first call waits for the connection. Each call throws an Error that names the address where the node can't be reached, closes,
 * or doesn't answer within `timeoutMs`.
 *
 * @param address `host:port` of a client listener.
 * @param clientId name that the broker sees.
 */
export function connectNode(
  address: string,
  clientId: string,
  timeoutMs: number,
  clientTls?: ClientTls,
): NodeConnection {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const host = address.slice(0, address.lastIndexOf(":"));
  const socket = clientTls
    ? tls.connect({ host, port, ...clientTls })
    : net.connect({ host, port, noDelay: true });
  let failure: Error | undefined;
  let answered: ((failure?: Error) => void) | undefined;
  let received = Buffer.alloc(0);
  const fail = (reason: string): void => {
    failure ??= new Error(`${address}${reason}`);
    socket.destroy();
    answered?.(failure);
  };
  socket.on("error", ({ message }) => {
    fail(`: ${message}`);
  });
  socket.on("close", () => {
    fail(" closed the connection");
  });
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) answered?.();
  });

  const call: NodeCall = async (apiKey, version, fields) => {
    if (failure) throw failure;
    received = Buffer.alloc(0);
    // Request header version 2: its client id is no compact string.
    const header = [
      int16(apiKey),
      int16(version),
      int32(apiKey),
      int16(clientId.length),
      Buffer.from(clientId),
      noTags,
    ];
    const message = Buffer.concat([...header, ...fields]);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        fail(` did not answer within ${timeoutMs} ms`);
      }, timeoutMs);
      answered = (failed) => {
        clearTimeout(timer);
        answered = undefined;
        if (failed) reject(failed);
        else resolve();
      };
      socket.write(Buffer.concat([int32(message.length), message]));
    });
    const reader = responseReader(received.subarray(4));
    // The response's header: the correlation id and tags.
    reader.skip(4);
    reader.tags();
    return reader;
  };
  return { address, call, close: () => socket.destroy() };
}

function responseReader(buffer: Buffer): ResponseReader {
  let at = 0;
  const varintHere = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = buffer.readUInt8(at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const skip = (bytes: number): void => {
    at += bytes;
  };
  return {
    skip,
    varint: varintHere,
    int16: () => {
      at += 2;
      return buffer.readInt16BE(at - 2);
    },
    int32: () => {
      at += 4;
      return buffer.readInt32BE(at - 4);
    },
    int64: () => {
      at += 8;
      return Number(buffer.readBigInt64BE(at - 8));
    },
    text: () => {
      const length = Math.max(0, varintHere() - 1);
      at += length;
      return buffer.toString("utf8", at - length, at);
    },
    array: (read) => Array.from({ length: Math.max(0, varintHere() - 1) }, read),
    tags: () => {
      for (let count = varintHere(); count > 0; count--) {
        varintHere();
        skip(varintHere());
      }
    },
  };
}
