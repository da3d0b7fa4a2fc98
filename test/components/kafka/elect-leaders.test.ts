import { electPreferredLeaders } from "../../../components/kafka/elect-leaders";
import { electLeadersResponse, FakeBroker } from "./protocol";

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

async function answering(response: Buffer): Promise<{ broker: FakeBroker; address: string }> {
  const broker = new FakeBroker(() => response);
  open.push(broker);
  return { broker, address: await broker.listen() };
}

test("it asks for the preferred leaders of all partitions", async () => {
  const { broker, address } = await answering(electLeadersResponse(0, []));
  expect(await electPreferredLeaders(address, 4_000)).toEqual([]);
  // election_type preferred; topic_partitions null; timeout_ms 4000; no tags.
  const body = Buffer.from([0, 0, 0, 0, 0x0f, 0xa0, 0]);
  expect(broker.requests).toMatchObject([{ apiKey: 43, apiVersion: 2, body }]);
});

test("elections that were made or not needed are no failures, others are told", async () => {
  const { address } = await answering(
    electLeadersResponse(0, [
      {
        topic: "weather",
        partitions: [
          { partition: 0, error: 0, message: null },
          { partition: 1, error: 84, message: "not needed" },
          { partition: 2, error: 80, message: "The preferred leader was not available." },
        ],
      },
      { topic: "weather-dlq", partitions: [{ partition: 300, error: 3, message: null }] },
    ]),
  );
  expect(await electPreferredLeaders(address, 4_000)).toEqual([
    { topic: "weather", partition: 2, reason: "The preferred leader was not available." },
    { topic: "weather-dlq", partition: 300, reason: "error 3 of Kafka's protocol" },
  ]);
});

test("a refusal of the whole call is an error with Kafka's number", async () => {
  const { address } = await answering(electLeadersResponse(31, []));
  await expect(electPreferredLeaders(address, 4_000)).rejects.toThrow(
    `${address} refuses to elect leaders (error 31 of Kafka's protocol)`,
  );
});
