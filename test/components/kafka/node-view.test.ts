import { askNode } from "../../../components/kafka/node-view";
import { brokerOf, type ClusterFixture, FakeBroker, metadataResponse, type Reaction } from "./protocol";

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

async function listening(broker: FakeBroker): Promise<string> {
  open.push(broker);
  return broker.listen();
}

const trio: ClusterFixture = {
  clusterId: "5L6g3nShT-eMCtK--X86sw",
  brokers: [1, 2, 3].map((id) => ({ id, host: `kafka${id}`, port: 9_092, rack: id === 2 ? "b" : null })),
  topics: [
    {
      name: "weather",
      partitions: [
        { partition: 0, leader: 1, replicas: [1, 2, 3], isr: [1, 2, 3] },
        { partition: 1, leader: -1, replicas: [2, 3, 1], isr: [3] },
      ],
    },
    // More than 127 replicas' worth of bytes, and a name whose length needs two bytes.
    {
      name: "t".repeat(200),
      partitions: Array.from({ length: 150 }, (_, partition) => ({
        partition,
        leader: 2,
        replicas: [2],
        isr: [2],
      })),
    },
    { name: "empty", partitions: [] },
  ],
  quorum: {
    leader: 3,
    highWatermark: 5_000_000_000,
    voters: [
      { id: 1, logEndOffset: 5_000_000_000 },
      { id: 2, logEndOffset: 4_999_999_998 },
      { id: 3, logEndOffset: 5_000_000_001 },
    ],
    observers: [{ id: 9, logEndOffset: 1 }],
  },
};

test.each([Infinity, 7, 1])(
  "a node's view is read, its answer coming in pieces of %d bytes",
  async (pieceBytes) => {
    const small = { ...trio, topics: trio.topics.slice(0, pieceBytes === 1 ? 1 : 3) };
    const address = await listening(brokerOf(() => small, pieceBytes));
    const { partitions, ...view } = await askNode(address, 5_000);
    const { leader, highWatermark, voters } = trio.quorum;
    expect(view).toEqual({
      clusterId: trio.clusterId,
      brokers: [1, 2, 3],
      quorum: { leader, highWatermark, voters },
    });
    expect(partitions).toEqual(
      small.topics.flatMap(({ name, partitions }) =>
        partitions.map((partition) => ({ topic: name, ...partition })),
      ),
    );
  },
);

test("it asks for all topics without making any, and for the quorum of the metadata log", async () => {
  const broker = brokerOf(() => trio);
  await askNode(await listening(broker), 5_000);
  expect(broker.requests).toMatchObject([
    // topics null; allow_auto_topic_creation, include_cluster_authorized_operations, include_topic_authorized_operations false.
    { apiKey: 3, apiVersion: 9, clientId: "roll-gate", body: Buffer.from([0, 0, 0, 0, 0]) },
    {
      ...{ apiKey: 55, apiVersion: 1, clientId: "roll-gate" },
      body: Buffer.concat([
        Buffer.from([2, 19]),
        Buffer.from("__cluster_metadata"),
        Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]),
      ]),
    },
  ]);
});

test("a cluster without leader, brokers, topics or id is a view too", async () => {
  const address = await listening(
    brokerOf(() => ({
      clusterId: null,
      brokers: [],
      topics: [],
      quorum: { leader: -1, highWatermark: -1, voters: [] },
    })),
  );
  expect(await askNode(address, 5_000)).toEqual({
    clusterId: "",
    ...{ brokers: [], partitions: [], quorum: { leader: -1, highWatermark: -1, voters: [] } },
  });
});

test("a quorum whose log is in error has no leader", async () => {
  const address = await listening(
    brokerOf(() => ({ ...trio, quorum: { ...trio.quorum, partitionError: 6 } })),
  );
  expect((await askNode(address, 5_000)).quorum.leader).toBe(-1);
});

test("a refused description of the quorum is told with Kafka's error number", async () => {
  const address = await listening(brokerOf(() => ({ ...trio, quorum: { ...trio.quorum, error: 31 } })));
  await expect(askNode(address, 5_000)).rejects.toThrow(
    `${address} can't describe the controller quorum (error 31 of Kafka's protocol)`,
  );
});

test.each<[what: string, reaction: (apiKey: number) => Reaction, said: string]>([
  ["closes at once", () => "close", "closed the connection"],
  [
    "closes after its first answer",
    (key) => (key === 3 ? metadataResponse(trio) : "close"),
    "closed the connection",
  ],
  ["is silent", () => "silence", "did not answer within 200 ms"],
  [
    "is silent after its first answer",
    (key) => (key === 3 ? metadataResponse(trio) : "silence"),
    "did not answer within 200 ms",
  ],
])("a node that %s is an error that names it", async (_what, reaction, said) => {
  const address = await listening(new FakeBroker(({ apiKey }) => reaction(apiKey)));
  const begun = Date.now();
  await expect(askNode(address, 200)).rejects.toThrow(new RegExp(`^${address}:? ${said}`));
  expect(Date.now() - begun).toBeLessThan(2_000);
});

test("a node that isn't there is an error that names it", async () => {
  const broker = brokerOf(() => trio);
  const address = await broker.listen();
  await broker.close();
  await expect(askNode(address, 2_000)).rejects.toThrow(new RegExp(`^${address}: .*ECONNREFUSED`));
});

test("an answer that is no message of Kafka's is an error, not a wait", async () => {
  const address = await listening(new FakeBroker(() => Buffer.from([1, 2, 3])));
  await expect(askNode(address, 2_000)).rejects.toThrow();
});
