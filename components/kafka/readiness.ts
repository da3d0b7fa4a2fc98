import { type PemIdentity } from "../certificates/certificate";
import { askNode, type NodeView } from "./node-view";

/** What one asks of a cluster before going on. */
export interface ReadinessDemand {
  /** `host:port` of every broker's client listener, in the order of node ids 1..n. */
  addresses: string[];
  /** Ask also that every partition has all its replicas in sync: before the next broker is taken down. */
  inSync: boolean;
  tls?: PemIdentity;
}

/** A node's view, or why there is none. */
export type NodeAnswer = { address: string; view: NodeView } | { address: string; error: string };

/**
 * What still keeps a cluster from being ready, in words; empty when it is.
 *
 * Every node must answer for itself (so a new incarnation has been heard, not one that the others still remember), know all
 * the others, have a quorum leader and, where asked, see every replica in sync and every voter caught up.
 */
export function obstacles(answers: readonly NodeAnswer[], inSync: boolean): string[] {
  const found: string[] = [];
  for (const answer of answers) {
    if ("error" in answer) {
      found.push(answer.error);
      continue;
    }
    const { address, view } = answer;
    if (view.brokers.length < answers.length) {
      found.push(`${address} knows ${view.brokers.length} of ${answers.length} brokers`);
    }
    if (view.quorum.leader < 0) found.push(`${address} knows no quorum leader`);
    if (!inSync) continue;
    const behind = view.partitions.filter(({ replicas, isr }) => isr.length < replicas.length);
    const [first] = behind;
    if (first)
      found.push(
        `${address} sees ${behind.length} under-replicated partitions, such as ${first.topic}-${first.partition}`,
      );
    for (const { id, logEndOffset } of view.quorum.voters) {
      if (logEndOffset < view.quorum.highWatermark) {
        found.push(`controller ${id} is ${view.quorum.highWatermark - logEndOffset} metadata records behind`);
      }
    }
  }
  return found;
}

/** Asks all nodes side by side. */
export function askAll(
  addresses: readonly string[],
  timeoutMs: number,
  tls?: PemIdentity,
): Promise<NodeAnswer[]> {
  return Promise.all(
    addresses.map((address) =>
      askNode(address, timeoutMs, tls).then(
        (view): NodeAnswer => ({ address, view }),
        (error: unknown): NodeAnswer => ({
          address,
          error: error instanceof Error ? error.message : String(error),
        }),
      ),
    ),
  );
}

/**
 * Waits until nothing stands in the way, asking again every 250 ms.
 *
 * @throws Error after `timeoutMs`, with what was still in the way and where to look.
 */
export async function waitUntilReady(demand: ReadinessDemand, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = obstacles(await askAll(demand.addresses, 2_000, demand.tls), demand.inSync);
    if (found.length === 0) return;
    if (Date.now() >= deadline) {
      throw new Error(
        `Kafka was not ready after ${timeoutMs / 1_000} s: ${[...new Set(found)].join("; ")}. The brokers' own logs say why.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
