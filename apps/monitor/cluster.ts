import { type ClientTls, connectNode, type NodeConnection } from "../shared/kafka-node";
import { reasonOf } from "../shared/log";
import {
  type LogDir,
  type Metadata,
  partitionKey,
  type Quorum,
  readLogDirs,
  readMetadata,
  readOffsets,
  readQuorum,
} from "./requests";

/** The log folders of a broker that answered. */
export interface BrokerLogs {
  readonly broker: number;
  readonly dirs: readonly LogDir[];
}

/** The offsets at which a partition's log begins and ends, and of the first message that isn't older than was asked for. */
export interface LogEnds {
  readonly topic: string;
  readonly partition: number;
  readonly beginning: number;
  readonly end: number;
  /** {@link LogEnds.end} where all messages are older. */
  readonly recent: number;
}

/** The cluster at one moment, as far as it answers. */
export interface ClusterLook {
  /** What a broker sees that answers; undefined where none does. */
  readonly view: (Metadata & { readonly quorum: Quorum }) | undefined;
  readonly logs: readonly BrokerLogs[];
  /** Of the partitions that have a leader, without Kafka's own topics. */
  readonly ends: readonly LogEnds[];
  /** Why brokers did not answer. */
  readonly failures: readonly string[];
}

/** Whom to ask, and how. */
export interface LookOptions {
  /** Every broker's client listener, as the broker advertises it: `host:port`. */
  readonly addresses: readonly string[];
  readonly tls?: ClientTls;
  /** A broker that takes longer than this for one answer is left out, in ms. */
  readonly timeoutMs: number;
  /** Messages from then on are recent, in ms since 1970. */
  readonly recentSinceMs: number;
}

/** Kafka's own topics begin like this. */
const isInternal = (topic: string): boolean => topic.startsWith("__");

/** Asks every broker for itself, all side by side, over connections of this look's own; nothing is retried. */
export async function lookAtCluster(options: LookOptions): Promise<ClusterLook> {
  const connections = options.addresses.map((address) =>
    connectNode(address, "monitor", options.timeoutMs, options.tls),
  );
  try {
    const answers = await Promise.all(
      connections.map(async (connection) => {
        try {
          const metadata = await readMetadata(connection.call);
          const quorum = await readQuorum(connection.call);
          const dirs = await readLogDirs(connection.call);
          return { node: { connection, metadata, quorum, dirs } };
        } catch (error) {
          return { failure: reasonOf(error) };
        }
      }),
    );
    const nodes = answers.flatMap((answer) => (answer.node ? [answer.node] : []));
    const failures = answers.flatMap((answer) => (answer.node ? [] : [answer.failure]));
    // A broker that has just started, or is cut off from the others, knows less than they do.
    const [best] = [...nodes].sort(
      (a, b) =>
        b.metadata.brokers.length - a.metadata.brokers.length ||
        b.metadata.partitions.length - a.metadata.partitions.length,
    );
    if (!best) return { view: undefined, logs: [], ends: [], failures };

    const view = { ...best.metadata, quorum: best.quorum };
    const idOf = new Map(view.brokers.map(({ id, address }) => [address, id]));
    const known = nodes.flatMap(({ connection, dirs }) => {
      const broker = idOf.get(connection.address);
      return broker === undefined ? [] : [{ broker, connection, dirs }];
    });
    const ends = await Promise.all(
      known.map(({ broker, connection }) =>
        readEnds(broker, connection, view, options.recentSinceMs).catch(() => []),
      ),
    );
    return { view, logs: known.map(({ broker, dirs }) => ({ broker, dirs })), ends: ends.flat(), failures };
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function readEnds(
  broker: number,
  { call }: NodeConnection,
  { partitions }: Metadata,
  sinceMs: number,
): Promise<LogEnds[]> {
  const led = partitions.filter(({ topic, leader }) => leader === broker && !isInternal(topic));
  if (led.length === 0) return [];
  const beginnings = await readOffsets(call, led, "beginning");
  const recents = await readOffsets(call, led, { sinceMs });
  const ends = await readOffsets(call, led, "end");
  return led.flatMap(({ topic, partition }) => {
    const key = partitionKey({ topic, partition });
    const beginning = beginnings.get(key);
    const recent = recents.get(key);
    const end = ends.get(key);
    if (beginning === undefined || recent === undefined || end === undefined) return [];
    return [{ topic, partition, beginning, end, recent: recent < 0 ? end : recent }];
  });
}
