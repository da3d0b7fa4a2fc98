import { type NodeView } from "../../../components/kafka/node-view";
import { type NodeAnswer } from "../../../components/kafka/readiness";
import { restartObstacles, rollOrderOf } from "../../../components/kafka/restart";

const partition = (isr: number[], topic = "weather", leader = isr[0] ?? -1) => ({
  ...{ topic, partition: 3, leader, replicas: [1, 2, 3], isr },
});
const caughtUp = [1, 2, 3].map((id) => ({ id, logEndOffset: 100 }));
const whole: NodeView = {
  clusterId: "c",
  brokers: [1, 2, 3],
  partitions: [partition([1, 2, 3])],
  quorum: { leader: 1, highWatermark: 100, voters: caughtUp },
};
const minIsr = new Map([
  ["weather", 2],
  ["loose", 1],
]);

/** Three nodes that all see the same. */
const agreeing = (seen: Partial<NodeView>): NodeAnswer[] =>
  ["k1", "k2", "k3"].map((address) => ({ address, view: { ...whole, ...seen } }));

test.each<[what: string, seen: Partial<NodeView>, obstacles: string[]]>([
  ["all is whole", {}, []],
  [
    "a partition would fall below min ISR",
    { partitions: [partition([1, 2])] },
    ["weather-3 would have 1 replicas in sync and needs 2 (now in sync: 1, 2)"],
  ],
  ["the thin partition doesn't need this broker", { partitions: [partition([3, 1])] }, []],
  [
    "a partition is below min ISR already, without this broker",
    { partitions: [partition([1])] },
    ["weather-3 would have 1 replicas in sync and needs 2 (now in sync: 1)"],
  ],
  ["the topic needs but one replica", { partitions: [partition([3, 2], "loose")] }, []],
  [
    "a topic of one replica lives on this broker",
    { partitions: [partition([2], "unnamed")] },
    ["unnamed-3 would have 0 replicas in sync and needs 1 (now in sync: 2)"],
  ],
  [
    "a partition has no leader",
    { partitions: [partition([1, 3], "weather", -1)] },
    ["weather-3 has no leader"],
  ],
  [
    "another controller is behind",
    { quorum: { ...whole.quorum, voters: [...caughtUp.slice(0, 2), { id: 3, logEndOffset: 98 }] } },
    ["controller 3 is not caught up"],
  ],
  [
    "this broker's own controller is behind",
    { quorum: { ...whole.quorum, voters: [{ id: 2, logEndOffset: 1 }, ...caughtUp.slice(2)] } },
    [],
  ],
  [
    "there is no quorum leader",
    { quorum: { ...whole.quorum, leader: -1 } },
    ["k1 knows no quorum leader", "k2 knows no quorum leader", "k3 knows no quorum leader"],
  ],
])("broker 2 where %s", (_what, seen, obstacles) => {
  expect(restartObstacles(2, agreeing(seen), minIsr)).toEqual(obstacles);
});

test("one node that sees a thin partition, a broker less, or doesn't answer is enough", () => {
  const [first, second] = agreeing({});
  const third = (answer: NodeAnswer) => restartObstacles(1, [first, second, answer] as NodeAnswer[], minIsr);
  expect(third({ address: "k3", view: { ...whole, partitions: [partition([1, 3])] } })).toHaveLength(1);
  expect(third({ address: "k3", view: { ...whole, brokers: [1, 3] } })).toEqual(["k3 knows 2 of 3 brokers"]);
  expect(third({ address: "k3", error: "k3: refused" })).toEqual(["a broker doesn't answer: k3: refused"]);
});

test.each<[ids: number[], leader: number | undefined, order: number[]]>([
  [[3, 1, 2], 1, [2, 3, 1]],
  [[1, 2, 3], 3, [1, 2, 3]],
  [[1, 2, 3, 4, 5], 2, [1, 3, 4, 5, 2]],
  [[2, 1], undefined, [1, 2]],
  [[2], 1, [2]],
  [[], 1, []],
])("brokers %j with controller %s leading are rolled as %j", (ids, leader, order) => {
  expect(rollOrderOf(ids, leader)).toEqual(order);
});
