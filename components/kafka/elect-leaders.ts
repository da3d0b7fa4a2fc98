import { type PemIdentity } from "../certificates/certificate";
import { withNode } from "./node-view";

/** A partition whose preferred replica could not become its leader. */
export interface FailedElection {
  topic: string;
  partition: number;
  /** In Kafka's words. */
  reason: string;
}

/** ELECTION_NOT_NEEDED of Kafka's protocol: the preferred replica leads already. */
const notNeeded = 84;

/**
 * Makes the first replica of every partition its leader again: ElectLeaders v2 of Kafka's protocol (KIP-460), for all partitions at once.
 *
 * kafkajs doesn't know the call. Any broker takes it and hands it to the controller that leads.
 *
 * @param address `host:port` of a broker's client listener.
 * @returns the partitions where it was not possible; mostly because that replica isn't in sync.
 * @throws Error where the broker can't be reached, or refuses the call as a whole.
 */
export async function electPreferredLeaders(
  address: string,
  timeoutMs: number,
  tls?: PemIdentity,
): Promise<FailedElection[]> {
  return withNode(address, timeoutMs, tls, async (call) => {
    const [preferred, allPartitions, noTags] = [Buffer.of(0), Buffer.of(0), Buffer.of(0)];
    const timeout = Buffer.alloc(4);
    timeout.writeInt32BE(timeoutMs);
    const response = await call(43, 2, [preferred, allPartitions, timeout, noTags]);
    response.skip(4);
    const error = response.int16();
    if (error !== 0)
      throw new Error(`${address} refuses to elect leaders (error ${error} of Kafka's protocol)`);
    const outcomes = response.array(() => {
      const topic = response.text();
      const partitions = response.array(() => {
        const partition = response.int32();
        const code = response.int16();
        const reason = response.text();
        response.tags();
        return { topic, partition, code, reason };
      });
      response.tags();
      return partitions;
    });
    return outcomes.flat().flatMap(({ topic, partition, code, reason }) => {
      if (code === 0 || code === notNeeded) return [];
      return [{ topic, partition, reason: reason === "" ? `error ${code} of Kafka's protocol` : reason }];
    });
  });
}
