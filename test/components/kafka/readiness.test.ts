import { type NodeView } from "../../../components/kafka/node-view";
import { askAll, type NodeAnswer, obstacles, waitUntilReady } from "../../../components/kafka/readiness";
import { brokerOf, type ClusterFixture, type FakeBroker } from "./protocol";

const whole: NodeView = {
  clusterId: "c",
  brokers: [1, 2, 3],
  partitions: [{ topic: "weather", partition: 0, leader: 1, replicas: [1, 2, 3], isr: [3, 1, 2] }],
  quorum: {
    leader: 2,
    highWatermark: 100,
    voters: [1, 2, 3].map((id) => ({ id, logEndOffset: 100 + id })),
  },
};
const [partition] = whole.partitions;
const thin = { ...partition, topic: "weather", partition: 3, leader: 1, replicas: [1, 2, 3], isr: [1, 2] };

/** Three nodes that agree, the second of which sees something else. */
function answers(second: Partial<NodeView> | { error: string } = {}): NodeAnswer[] {
  return ["k1", "k2", "k3"].map((address): NodeAnswer => {
    if (address !== "k2") return { address, view: whole };
    return "error" in second ? { address, error: second.error } : { address, view: { ...whole, ...second } };
  });
}

test.each<[what: string, second: Partial<NodeView> | { error: string }, ready: string[], inSync: string[]]>([
  ["all is well", {}, [], []],
  ["a node doesn't answer", { error: "k2: refused" }, ["k2: refused"], ["k2: refused"]],
  ["a node misses a broker", { brokers: [1, 2] }, ["k2 knows 2 of 3 brokers"], ["k2 knows 2 of 3 brokers"]],
  [
    "a node knows no leader",
    { quorum: { ...whole.quorum, leader: -1 } },
    ["k2 knows no quorum leader"],
    ["k2 knows no quorum leader"],
  ],
  [
    "replicas are behind",
    { partitions: [thin, { ...thin, partition: 5 }, ...whole.partitions] },
    [],
    ["k2 sees 2 under-replicated partitions, such as weather-3"],
  ],
  [
    "a controller is behind",
    { quorum: { ...whole.quorum, voters: [{ id: 1, logEndOffset: 93 }] } },
    [],
    ["controller 1 is 7 metadata records behind"],
  ],
  [
    "several things at once",
    { brokers: [2], partitions: [thin], quorum: { ...whole.quorum, leader: -1 } },
    ["k2 knows 1 of 3 brokers", "k2 knows no quorum leader"],
    [
      "k2 knows 1 of 3 brokers",
      "k2 knows no quorum leader",
      "k2 sees 1 under-replicated partitions, such as weather-3",
    ],
  ],
])("where %s", (_what, second, ready, inSync) => {
  expect(obstacles(answers(second), false)).toEqual(ready);
  expect(obstacles(answers(second), true)).toEqual(inSync);
});

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

const fixture = (leader: number): ClusterFixture => ({
  clusterId: "c",
  brokers: [{ id: 1, host: "127.0.0.1", port: 1, rack: null }],
  topics: [],
  quorum: { leader, highWatermark: 1, voters: [{ id: 1, logEndOffset: 1 }] },
});

test("all nodes are asked, and one that fails doesn't hide the others", async () => {
  const here = brokerOf(() => fixture(1));
  const gone = brokerOf(() => fixture(1));
  const addresses = [await here.listen(), await gone.listen()];
  open.push(here);
  await gone.close();
  const [first, second] = await askAll(addresses, 2_000);
  expect(first).toMatchObject({ address: addresses[0], view: { clusterId: "c" } });
  expect(second).toEqual({ address: addresses[1], error: expect.stringContaining("ECONNREFUSED") });
});

test("the wait ends once a leader is there, and asks again until then", async () => {
  let asked = 0;
  const broker = brokerOf(() => fixture(++asked > 4 ? 1 : -1));
  open.push(broker);
  await waitUntilReady({ addresses: [await broker.listen()], inSync: true }, 10_000);
  expect(asked).toBeGreaterThan(4);
});

test("a wait in vain says how long it was and what stood in the way, each thing once", async () => {
  const broker = brokerOf(() => fixture(-1));
  open.push(broker);
  const address = await broker.listen();
  await expect(waitUntilReady({ addresses: [address, address], inSync: false }, 300)).rejects.toThrow(
    `Kafka was not ready after 0.3 s: ${address} knows 1 of 2 brokers; ${address} knows no quorum leader. The brokers' own logs say why.`,
  );
});
