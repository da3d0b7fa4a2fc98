import { commitOffsets } from "../../../commands/kafka/committed-offsets";
import { FakeBroker } from "../../components/kafka/protocol";

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

/** A broker that is every group's coordinator, and answers commits with these codes, one after the other. */
async function coordinator(...codes: number[]) {
  let port = 0;
  const broker = new FakeBroker(({ apiKey }) => {
    if (apiKey === 10) {
      const address = Buffer.concat([Buffer.from("\u000a127.0.0.1"), Buffer.alloc(4)]);
      address.writeInt32BE(port, 10);
      const found = [Buffer.from([2, 2]), Buffer.from("g"), Buffer.from([0, 0, 0, 1]), address];
      return Buffer.concat([Buffer.alloc(4), ...found, Buffer.from([0, 0, 0, 0, 0])]);
    }
    const code = codes.shift() ?? 0;
    return Buffer.concat([
      Buffer.alloc(4),
      Buffer.from([2, 2]),
      Buffer.from("t"),
      Buffer.from([2, 0, 0, 0, 3, 0, code, 0, 0, 0]),
    ]);
  });
  open.push(broker);
  const address = await broker.listen();
  port = Number(address.split(":")[1]);
  const kafka = {
    bootstrapServers: [address],
    internalBootstrapServers: [],
    clusterId: "",
    topics: [],
    group: "",
  };
  const commit = () =>
    commitOffsets({ kafka }, "g", "t", [
      { partition: 3, offset: 258, metadata: "1 2" },
      { partition: 4, offset: 0 },
    ]);
  return { broker, commit };
}

test("all positions go in one request, for a group without members, once its coordinator is there", async () => {
  const { broker, commit } = await coordinator(14, 0);
  await commit();
  expect(broker.requests.map(({ apiKey }) => apiKey)).toEqual([10, 8, 10, 8]);
  expect(broker.requests[3]).toMatchObject({
    apiVersion: 8,
    body: Buffer.concat([
      Buffer.from("\u0002g"),
      Buffer.from([255, 255, 255, 255, 1, 0]), // no generation, member or instance
      Buffer.from([2]),
      Buffer.from("\u0002t"),
      Buffer.from([3]),
      Buffer.from([0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 255, 255, 255, 255]),
      Buffer.from("\u00041 2\u0000"),
      Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 1, 0]),
      Buffer.from([0, 0]),
    ]),
  });
});

test.each([
  [25, "The group g has members: only they can commit. Nothing was changed."],
  [12, "Kafka refuses to commit for the group g (error 12 of its protocol)"],
])("a refusal of code %d is told", async (code, message) => {
  const { broker, commit } = await coordinator(code);
  await expect(commit()).rejects.toThrow(message);
  expect(broker.requests).toHaveLength(2);
});
