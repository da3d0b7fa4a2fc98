import * as net from "node:net";

/*
 * A broker's side of Kafka's protocol, as far as a roll gate speaks it, written from the message definitions of Kafka 4.3
 * (MetadataRequest/Response 9, DescribeQuorumRequest/Response 1, ElectLeadersRequest/Response 2; all are flexible versions).
 */

const int8 = (value: number) => Buffer.from(Int8Array.of(value));
const int16 = (value: number) => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const int64 = (value: number) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};
const uvarint = (value: number): Buffer =>
  value < 128
    ? Buffer.from([value])
    : Buffer.concat([Buffer.from([(value & 127) | 128]), uvarint(value >>> 7)]);
const compactString = (text: string | null) =>
  text === null ? uvarint(0) : Buffer.concat([uvarint(Buffer.byteLength(text) + 1), Buffer.from(text)]);
const compactArray = (items: readonly Buffer[]) => Buffer.concat([uvarint(items.length + 1), ...items]);
const noTags = uvarint(0);
/** A tagged field that a reader doesn't know and must step over. */
const unknownTag = Buffer.concat([uvarint(1), uvarint(7), uvarint(3), Buffer.from("abc")]);

export interface PartitionFixture {
  partition: number;
  leader: number;
  replicas: number[];
  isr: number[];
}

/** What a fake broker knows. */
export interface ClusterFixture {
  clusterId: string | null;
  brokers: { id: number; host: string; port: number; rack: string | null }[];
  topics: { name: string; partitions: PartitionFixture[] }[];
  quorum: {
    error?: number;
    partitionError?: number;
    leader: number;
    highWatermark: number;
    voters: { id: number; logEndOffset: number }[];
    observers?: { id: number; logEndOffset: number }[];
  };
}

/** Body of MetadataResponse version 9. */
export function metadataResponse({ clusterId, brokers, topics }: ClusterFixture): Buffer {
  return Buffer.concat([
    int32(0), // throttle_time_ms
    compactArray(
      brokers.map(({ id, host, port, rack }) =>
        Buffer.concat([int32(id), compactString(host), int32(port), compactString(rack), unknownTag]),
      ),
    ),
    compactString(clusterId),
    int32(1), // controller_id
    compactArray(
      topics.map(({ name, partitions }) =>
        Buffer.concat([
          int16(0), // error_code
          compactString(name),
          int8(0), // is_internal
          compactArray(
            partitions.map(({ partition, leader, replicas, isr }) =>
              Buffer.concat([
                int16(0), // error_code
                int32(partition),
                int32(leader),
                int32(5), // leader_epoch
                compactArray(replicas.map(int32)),
                compactArray(isr.map(int32)),
                compactArray(replicas.filter((id) => !brokers.some((broker) => broker.id === id)).map(int32)), // offline_replicas
                unknownTag,
              ]),
            ),
          ),
          int32(-2_147_483_648), // topic_authorized_operations
          noTags,
        ]),
      ),
    ),
    int32(-2_147_483_648), // cluster_authorized_operations
    noTags,
  ]);
}

/** Body of DescribeQuorumResponse version 1. */
export function describeQuorumResponse({ quorum }: ClusterFixture): Buffer {
  const replica = ({ id, logEndOffset }: { id: number; logEndOffset: number }) =>
    Buffer.concat([
      int32(id),
      int64(logEndOffset),
      int64(1_700_000_000_000), // last_fetch_timestamp
      int64(-1), // last_caught_up_timestamp
      unknownTag,
    ]);
  const partition = Buffer.concat([
    int32(0), // partition_index
    int16(quorum.partitionError ?? 0),
    int32(quorum.leader),
    int32(9), // leader_epoch
    int64(quorum.highWatermark),
    compactArray(quorum.voters.map(replica)),
    compactArray((quorum.observers ?? []).map(replica)),
    noTags,
  ]);
  const topics =
    quorum.error === undefined
      ? [Buffer.concat([compactString("__cluster_metadata"), compactArray([partition]), noTags])]
      : [];
  return Buffer.concat([int16(quorum.error ?? 0), compactArray(topics), noTags]);
}

/** A request as it came in. */
export interface ReceivedRequest {
  apiKey: number;
  apiVersion: number;
  clientId: string;
  body: Buffer;
}

function received(message: Buffer): ReceivedRequest & { correlationId: Buffer } {
  const clientIdLength = message.readInt16BE(8);
  // Request header version 2: its client id is no compact string, and tags follow.
  return {
    apiKey: message.readInt16BE(0),
    apiVersion: message.readInt16BE(2),
    correlationId: message.subarray(4, 8),
    clientId: message.toString("utf8", 10, 10 + clientIdLength),
    body: message.subarray(10 + clientIdLength + 1),
  };
}

/** What to do with a request: answer with a response's body, close the connection, or say nothing. */
export type Reaction = Buffer | "close" | "silence";

/** A broker of bytes alone. Its answers come in pieces of `pieceBytes`, each on its own. */
export class FakeBroker {
  readonly requests: ReceivedRequest[] = [];
  private readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;

  constructor(
    private readonly react: (request: ReceivedRequest) => Reaction,
    private readonly pieceBytes = Infinity,
  ) {
    this.server = net.createServer((socket) => {
      this.sockets.add(socket);
      socket.setNoDelay(true).on("error", () => undefined);
      let pending = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE(0)) {
          const end = 4 + pending.readInt32BE(0);
          const request = received(pending.subarray(4, end));
          pending = pending.subarray(end);
          this.requests.push(request);
          void this.answer(socket, request.correlationId, this.react(request));
        }
      });
    });
  }

  /** Opens it; returns its `host:port`. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.server.address() as net.AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(socket: net.Socket, correlationId: Buffer, reaction: Reaction): Promise<void> {
    if (reaction === "silence") return;
    if (reaction === "close") {
      socket.end();
      return;
    }
    // Response header version 1: the correlation id and tags.
    const message = Buffer.concat([correlationId, noTags, reaction]);
    const bytes = Buffer.concat([int32(message.length), message]);
    for (let at = 0; at < bytes.length; at += this.pieceBytes) {
      socket.write(bytes.subarray(at, Math.min(bytes.length, at + this.pieceBytes)));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Body of ElectLeadersResponse version 2. */
export function electLeadersResponse(
  error: number,
  topics: { topic: string; partitions: { partition: number; error: number; message: string | null }[] }[],
): Buffer {
  return Buffer.concat([
    int32(0), // throttle_time_ms
    int16(error),
    compactArray(
      topics.map(({ topic, partitions }) =>
        Buffer.concat([
          compactString(topic),
          compactArray(
            partitions.map(({ partition, error: code, message }) =>
              Buffer.concat([int32(partition), int16(code), compactString(message), unknownTag]),
            ),
          ),
          noTags,
        ]),
      ),
    ),
    noTags,
  ]);
}

/** A broker that knows a cluster and answers both calls. */
export function brokerOf(cluster: () => ClusterFixture, pieceBytes?: number): FakeBroker {
  return new FakeBroker(
    ({ apiKey }) => (apiKey === 3 ? metadataResponse(cluster()) : describeQuorumResponse(cluster())),
    pieceBytes,
  );
}
