import { evenSpread, kafkaJson, loadOf } from "../../../commands/live/reassignment";

/** A topic whose partitions stand on the replicas. */
const topic = (name: string, replicas: number[][]) =>
  replicas.map((own, partition) => ({
    topic: name,
    partition,
    leader: own[0] ?? -1,
    replicas: own,
    isr: own,
  }));

/** As Kafka spreads a topic over three brokers. */
const onThree = (name: string, partitions: number) =>
  topic(
    name,
    Array.from({ length: partitions }, (_, index) => [0, 1, 2].map((offset) => ((index + offset) % 3) + 1)),
  );

/** The partitions after the moves. */
function after(partitions: ReturnType<typeof topic>, brokers: number[]) {
  const moves = evenSpread(partitions, brokers);
  return partitions.map(
    ({ topic: name, partition, replicas }) =>
      moves.find((move) => move.topic === name && move.partition === partition)?.to ?? replicas,
  );
}

const spread = (values: number[]) => Math.max(...values) - Math.min(...values);

test.each([
  [3, [1, 2, 3], 12],
  [5, [1, 2, 3, 4, 5], 12],
  [5, [1, 2, 3, 4, 5], 4],
  [4, [1, 2, 3, 4], 7],
  [5, [1, 2, 3, 4, 5], 50],
])("over %d brokers %j, two topics of %d partitions are spread within one", (_count, brokers, partitions) => {
  const all = [...onThree("weather", partitions), ...onThree("__consumer_offsets", 12)];
  const spreadOut = after(all, brokers);
  for (const replicas of spreadOut) {
    expect(replicas).toHaveLength(3);
    expect(new Set(replicas).size).toBe(3);
  }
  const load = [
    ...loadOf(
      spreadOut.map((replicas) => ({ replicas })),
      brokers,
    ).values(),
  ];
  expect(spread(load.map(({ replicas }) => replicas))).toBeLessThanOrEqual(1);
  expect(spread(load.map(({ preferredLeaders }) => preferredLeaders))).toBeLessThanOrEqual(1);
});

test("what is even already stays as it is", () => {
  expect(evenSpread(onThree("weather", 12), [1, 2, 3])).toEqual([]);
  const all = onThree("weather", 12);
  const once = after(all, [1, 2, 3, 4, 5]);
  expect(evenSpread(topic("weather", once), [1, 2, 3, 4, 5])).toEqual([]);
});

test("no more replicas are copied than the new brokers are to hold", () => {
  const moves = evenSpread(onThree("weather", 10), [1, 2, 3, 4, 5]);
  const copied = moves.flatMap(({ from, to }) => to.filter((replica) => !from.includes(replica)));
  expect(copied).toHaveLength(12);
  expect(new Set(copied)).toEqual(new Set([4, 5]));
});

test("a broker that is to go gives all it has, and fewer brokers than replicas leave all as it is", () => {
  const spreadOut = after(onThree("weather", 6).concat(topic("one", [[4, 1, 2]])), [1, 2, 3]);
  expect(spreadOut.flat()).not.toContain(4);
  expect(after(topic("one", [[1, 2, 3]]), [1, 2])).toEqual([[1, 2, 3]]);
});

test("the plan is in the form of Kafka's own tool", () => {
  const [move] = evenSpread(topic("weather", [[1], [1]]), [1, 2]);
  expect(JSON.parse(kafkaJson(move ? [move] : []))).toEqual({
    version: 1,
    partitions: [{ topic: "weather", partition: 0, replicas: [2] }],
  });
});
