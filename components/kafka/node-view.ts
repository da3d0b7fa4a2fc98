import type * as net from "node:net";
import type * as tls from "node:tls";
import { type NodeCall, type ResponseReader } from "../../apps/shared/kafka-node";
import { type PemIdentity } from "../certificates/certificate";

/** One partition as a broker sees it. */
export interface PartitionView {
  topic: string;
  partition: number;
  /** Node id, -1 where there is none. */
  leader: number;
  replicas: number[];
  /** The replicas that are in sync. */
  isr: number[];
}

/** The cluster as one of its nodes sees it at this moment. */
export interface NodeView {
  clusterId: string;
  /** Node ids of the brokers that are registered and unfenced. */
  brokers: number[];
  partitions: PartitionView[];
  quorum: {
    /** Node id of the controller that leads, -1 where there is none. */
    leader: number;
    /** Offset up to which a majority of the voters holds the metadata log. */
    highWatermark: number;
    voters: { id: number; logEndOffset: number }[];
  };
}

/**
 * Talks to one broker, and no other, over one connection of its own.
 *
 * kafkajs can't serve here: it hands a request to any broker it likes, and doesn't know what is asked. The function has no state
 * and requires its modules inside, because Pulumi carries it in a provider's source text.
 *
 * @param address `host:port` of the broker's client listener.
 * @param timeoutMs ends the wait for a node that accepts but doesn't answer.
 * @throws Error where the node can't be reached, closes, or doesn't answer in time.
 */
export async function withNode<T>(
  address: string,
  timeoutMs: number,
  clientTls: PemIdentity | undefined,
  talk: (call: NodeCall) => Promise<T>,
): Promise<T> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const host = address.slice(0, address.lastIndexOf(":"));
  const socket: net.Socket = clientTls
    ? // eslint-disable-next-line @typescript-eslint/no-require-imports
      (require("node:tls") as typeof tls).connect({ host, port, ...clientTls })
    : // eslint-disable-next-line @typescript-eslint/no-require-imports
      (require("node:net") as typeof net).connect({ host, port });

  const int16 = (value: number) => Buffer.from([(value >> 8) & 255, value & 255]);
  const int32 = (value: number) =>
    Buffer.from([(value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
  const noTags = Buffer.from([0]);
  const client = "roll-gate";
  const request = (apiKey: number, version: number, body: readonly Buffer[]) => {
    const header = [
      int16(apiKey),
      int16(version),
      int32(apiKey),
      int16(client.length),
      Buffer.from(client),
      noTags,
    ];
    const message = Buffer.concat([...header, ...body]);
    return Buffer.concat([int32(message.length), message]);
  };

  const answer = (message: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      let received = Buffer.alloc(0);
      // Declared before what uses it: Pulumi's serialiser takes a later `const` for a captured variable.
      let timer: NodeJS.Timeout | undefined = undefined;
      const end = (finish: () => void) => {
        clearTimeout(timer);
        socket.removeAllListeners("data").removeAllListeners("error").removeAllListeners("close");
        // A socket without an error listener would end the process on a late reset.
        socket.on("error", () => undefined);
        finish();
      };
      timer = setTimeout(() => {
        end(() => {
          reject(new Error(`${address} did not answer within ${timeoutMs} ms`));
        });
      }, timeoutMs);
      socket.on("error", (error) => {
        end(() => {
          reject(new Error(`${address}: ${error.message}`));
        });
      });
      socket.on("close", () => {
        end(() => {
          reject(new Error(`${address} closed the connection`));
        });
      });
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0))
          end(() => {
            resolve(received.subarray(4));
          });
      });
      socket.write(message);
    });

  const reader = (buffer: Buffer): ResponseReader => {
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = buffer.readUInt8(at++);
        value |= (byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    const skip = (bytes: number) => {
      at += bytes;
    };
    return {
      skip,
      varint,
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
        const length = varint() - 1;
        if (length < 0) return "";
        at += length;
        return buffer.toString("utf8", at - length, at);
      },
      array: <T>(read: () => T): T[] => Array.from({ length: Math.max(0, varint() - 1) }, read),
      tags: () => {
        for (let count = varint(); count > 0; count--) {
          varint();
          skip(varint());
        }
      },
    };
  };

  try {
    return await talk(async (apiKey, version, fields) => {
      const response = reader(await answer(request(apiKey, version, fields)));
      // The rest of its header: the correlation id and tags.
      response.skip(4);
      response.tags();
      return response;
    });
  } finally {
    socket.destroy();
  }
}

/**
 * Asks one broker, and no other, for its view of the cluster: Metadata v9 and DescribeQuorum v1. A roll has to hear from the very
 * broker that was changed. Parameters and errors are those of {@link withNode}.
 */
export function askNode(address: string, timeoutMs: number, clientTls?: PemIdentity): Promise<NodeView> {
  return withNode(address, timeoutMs, clientTls, async (call) => {
    const int32 = (value: number) =>
      Buffer.from([(value >> 24) & 255, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
    const compact = (text: string) => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)]);
    const noTags = Buffer.from([0]);
    const allTopics = Buffer.from([0]);
    const metadata = await call(3, 9, [allTopics, Buffer.from([0, 0, 0]), noTags]);
    metadata.skip(4);
    const brokers = metadata.array(() => {
      const id = metadata.int32();
      metadata.text();
      metadata.skip(4);
      metadata.text();
      metadata.tags();
      return id;
    });
    const clusterId = metadata.text();
    metadata.skip(4);
    const topics = metadata.array(() => {
      metadata.skip(2);
      const topic = metadata.text();
      metadata.skip(1);
      const partitions = metadata.array((): PartitionView => {
        metadata.skip(2);
        const partition = metadata.int32();
        const leader = metadata.int32();
        metadata.skip(4);
        const replicas = metadata.array(metadata.int32);
        const isr = metadata.array(metadata.int32);
        metadata.array(metadata.int32);
        metadata.tags();
        return { topic, partition, leader, replicas, isr };
      });
      metadata.skip(4);
      metadata.tags();
      return partitions;
    });

    const metadataLog = [
      Buffer.from([2]),
      compact("__cluster_metadata"),
      Buffer.from([2]),
      int32(0),
      noTags,
      noTags,
      noTags,
    ];
    const quorum = await call(55, 1, metadataLog);
    const error = quorum.int16();
    if (error !== 0)
      throw new Error(`${address} can't describe the controller quorum (error ${error} of Kafka's protocol)`);
    const logs = quorum.array(() => {
      quorum.text();
      const partitions = quorum.array(() => {
        quorum.skip(4);
        const partitionError = quorum.int16();
        const leader = quorum.int32();
        quorum.skip(4);
        const highWatermark = quorum.int64();
        const replica = () => {
          const id = quorum.int32();
          const logEndOffset = quorum.int64();
          quorum.skip(16);
          quorum.tags();
          return { id, logEndOffset };
        };
        const voters = quorum.array(replica);
        quorum.array(replica);
        quorum.tags();
        return { leader: partitionError === 0 ? leader : -1, highWatermark, voters };
      });
      quorum.tags();
      return partitions;
    });
    const log = logs[0]?.[0];
    if (!log) throw new Error(`${address} knows no controller quorum`);
    return { clusterId, brokers, partitions: topics.flat(), quorum: log };
  });
}
