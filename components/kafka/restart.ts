import { type NodeAnswer } from "./readiness";

/**
 * What speaks against taking a broker down now, in words; empty where every partition stays at or above its min ISR without it and
 * all other controllers are caught up.
 *
 * Every node has to answer and each one's view counts: one that doesn't answer may be down itself.
 *
 * @param minIsr min ISR by topic; 1 for a topic that isn't named.
 */
export function restartObstacles(
  id: number,
  answers: readonly NodeAnswer[],
  minIsr: ReadonlyMap<string, number>,
): string[] {
  const found = new Set<string>();
  for (const answer of answers) {
    if ("error" in answer) {
      found.add(`a broker doesn't answer: ${answer.error}`);
      continue;
    }
    const { address, view } = answer;
    if (view.brokers.length < answers.length)
      found.add(`${address} knows ${view.brokers.length} of ${answers.length} brokers`);
    if (view.quorum.leader < 0) found.add(`${address} knows no quorum leader`);
    for (const { topic, partition, leader, isr } of view.partitions) {
      const left = isr.filter((replica) => replica !== id).length;
      const needed = minIsr.get(topic) ?? 1;
      if (leader < 0) found.add(`${topic}-${partition} has no leader`);
      if (left < needed)
        found.add(
          `${topic}-${partition} would have ${left} replicas in sync and needs ${needed} (now in sync: ${[...isr].sort((a, b) => a - b).join(", ")})`,
        );
    }
    for (const voter of view.quorum.voters) {
      const behind = view.quorum.highWatermark - voter.logEndOffset;
      // How far is another at every moment, and would make one thing many.
      if (voter.id !== id && behind > 0) found.add(`controller ${voter.id} is not caught up`);
    }
  }
  return [...found];
}

/** Node ids in the order of a roll: ascending, and the one whose controller leads last, so that the quorum elects anew only once. */
export function rollOrderOf(ids: readonly number[], quorumLeader: number | undefined): number[] {
  return [...ids].sort((a, b) => Number(a === quorumLeader) - Number(b === quorumLeader) || a - b);
}
