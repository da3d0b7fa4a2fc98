import { type PartitionView } from "../../components/kafka/node-view";

/** Where a partition's replicas are, and where they are to be; the first of them is the preferred leader. */
export interface Move {
  topic: string;
  partition: number;
  from: number[];
  to: number[];
}

/** How much each broker holds, by node id. */
export type Load = ReadonlyMap<number, { replicas: number; preferredLeaders: number }>;

/** How many replicas each broker holds, and of how many partitions it's the preferred leader. */
export function loadOf(partitions: readonly { replicas: number[] }[], brokers: readonly number[]): Load {
  return new Map(
    brokers.map((broker) => [
      broker,
      {
        replicas: partitions.filter(({ replicas }) => replicas.includes(broker)).length,
        preferredLeaders: partitions.filter(({ replicas }) => replicas[0] === broker).length,
      },
    ]),
  );
}

/**
 * The fewest moves after which every broker holds as many replicas as any other, within one, and leads as many partitions, as nearly
 * as the replicas allow. Empty where it's so already.
 *
 * A replica moves from the fullest broker to the emptiest; leadership then moves among a partition's own replicas, which copies nothing.
 *
 * @param brokers node ids of those that may hold replicas.
 */
export function evenSpread(partitions: readonly PartitionView[], brokers: readonly number[]): Move[] {
  const planned = partitions.map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    from: replicas,
    to: [...replicas],
  }));
  const count = (broker: number) => planned.filter(({ to }) => to.includes(broker)).length;
  const holders = () => [...new Set([...brokers, ...planned.flatMap(({ to }) => to)])];
  for (;;) {
    // Who isn't among the brokers gives all it has.
    const byLoad = holders().sort(
      (a, b) => Number(brokers.includes(a)) - Number(brokers.includes(b)) || count(b) - count(a),
    );
    const emptiest = [...brokers].sort((a, b) => count(a) - count(b) || a - b)[0];
    const move = byLoad
      .filter((fullest) => !brokers.includes(fullest) || count(fullest) > count(emptiest ?? fullest) + 1)
      .map((fullest) => ({
        fullest,
        // A topic of which the target has least, so that each topic is spread, not only the sum.
        partition: planned
          .filter(({ to }) => to.includes(fullest) && emptiest !== undefined && !to.includes(emptiest))
          .sort((a, b) => of(a.topic, emptiest) - of(b.topic, emptiest))[0],
      }))
      .find(({ partition }) => partition !== undefined);
    if (!move?.partition || emptiest === undefined) break;
    const { partition, fullest } = move;
    partition.to = partition.to.map((replica) => (replica === fullest ? emptiest : replica));
  }
  function of(topic: string, broker: number | undefined): number {
    return planned.filter(
      (other) => other.topic === topic && broker !== undefined && other.to.includes(broker),
    ).length;
  }
  for (;;) {
    const leads = (broker: number) => planned.filter(({ to }) => to[0] === broker).length;
    const better = planned
      .flatMap((partition) => partition.to.slice(1).map((replica) => ({ partition, replica })))
      .find(({ partition, replica }) => leads(replica) + 1 < leads(partition.to[0] ?? replica));
    if (!better) break;
    const { partition, replica } = better;
    partition.to = [replica, ...partition.to.filter((other) => other !== replica)];
  }
  return planned.filter(({ from, to }) => from.join() !== to.join());
}

/** The moves as Kafka's own `kafka-reassign-partitions.sh --reassignment-json-file` takes them. */
export function kafkaJson(moves: readonly Move[]): string {
  const partitions = moves.map(({ topic, partition, to }) => ({ topic, partition, replicas: to }));
  return JSON.stringify({ version: 1, partitions }, null, 2);
}
