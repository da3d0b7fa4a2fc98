import {
  type Feature,
  describeFeatures,
  featuresOf,
  planFinalisation,
  raiseFeatures,
  releaseOf,
  renderFeatures,
} from "../../../commands/kafka/features";
import { type KafkaOutputs } from "../../../commands/kafka/connection";
import { FakeBroker, type Reaction, type ReceivedRequest } from "../../components/kafka/protocol";

const feature = (level: number, max: number, name = "metadata.version"): Feature => ({
  name,
  level,
  supported: { min: 7, max },
});
const others = ["transaction.version", "group.version", "eligible.leader.replicas.version"];
const cluster = (level: number, max: number) => [
  feature(level, max),
  ...others.map((name) => feature(name === "transaction.version" ? 2 : 1, 2, name)),
  feature(0, 1, "share.version"),
  feature(0, 1, "streams.version"),
  feature(0, 1, "kraft.version"),
];

test("what all brokers support is what each of them supports", () => {
  const of = (max: number) => ({
    supported: new Map([["metadata.version", { min: 7, max }]]),
    finalised: new Map([["metadata.version", 29]]),
  });
  expect(featuresOf([of(30), of(29)])).toEqual([feature(29, 29)]);
  const isNew = { supported: new Map([["share.version", { min: 0, max: 1 }]]), finalised: new Map() };
  expect(featuresOf([isNew, { supported: new Map(), finalised: new Map() }])).toEqual([
    { name: "share.version", level: 0, supported: { min: 0, max: 0 } },
  ]);
});

test("finalising raises what the release has, never lowers, and leaves the kind of quorum alone", () => {
  expect(planFinalisation(cluster(29, 30), "4.3")).toEqual([
    { name: "metadata.version", from: 29, to: 30 },
    { name: "share.version", from: 0, to: 1 },
    { name: "streams.version", from: 0, to: 1 },
  ]);
  expect(planFinalisation(cluster(30, 30), "4.1")).toEqual([]);
});

test.each([
  ["4.3", /can't be finalised: not every broker supports metadata.version 30 \(at most 29\)\. Roll/],
  ["5.0", /^--finalise must be one of 4.0, 4.1, 4.2, 4.3, not "5.0"$/],
  ["toString", /^--finalise must be one of/],
])("finalising %s is refused", (release, why) => {
  expect(() => planFinalisation(cluster(29, 29), release)).toThrow(why);
});

test("a metadata version is shown with its release", () => {
  expect(releaseOf(29)).toBe("4.2");
  expect(releaseOf(26)).toBeUndefined();
  expect(renderFeatures([feature(30, 30)])).toBe(
    "FEATURE           LEVEL  ALL BROKERS SUPPORT\nmetadata.version  30     7 to 30              release 4.3",
  );
});

describe("on the wire", () => {
  const open: FakeBroker[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((broker) => broker.close()));
  });
  async function brokerThat(
    react: (request: ReceivedRequest) => Reaction,
  ): Promise<[FakeBroker, KafkaOutputs]> {
    const broker = new FakeBroker(react);
    open.push(broker);
    const bootstrapServers = [await broker.listen()];
    const kafka = { bootstrapServers, internalBootstrapServers: [], clusterId: "", topics: [], group: "" };
    return [broker, { kafka }];
  }

  test("a broker's features are read beside tags that aren't known", async () => {
    const name = Buffer.from("\u0011metadata.version");
    const supported = Buffer.concat([Buffer.from([2]), name, Buffer.from([0, 7, 0, 30, 0])]);
    const finalised = Buffer.concat([Buffer.from([2]), name, Buffer.from([0, 29, 0, 7, 0])]);
    // FakeBroker gives every answer a header with tags, which this one lacks: their 0 is the error's first byte.
    const [, outputs] = await brokerThat(() =>
      Buffer.concat([
        Buffer.from([0]), // error_code, second byte
        Buffer.from([2, 0, 18, 0, 0, 0, 4, 0]), // api_keys
        Buffer.from([0, 0, 0, 0]), // throttle_time_ms
        Buffer.from([4, 0, supported.length]),
        supported,
        Buffer.from([1, 8, 0, 0, 0, 0, 0, 0, 0, 9]), // finalized_features_epoch
        Buffer.from([2, finalised.length]),
        finalised,
        Buffer.from([3, 1, 0]), // zk_migration_ready
      ]),
    );
    expect(await describeFeatures(outputs)).toEqual([feature(29, 30)]);
  });

  test("what is asked for stands in the request, and a refusal is told in Kafka's words", async () => {
    const said = Buffer.from("\u0005nope");
    const [broker, outputs] = await brokerThat(({ body }) =>
      // validate_only stands before the last tags.
      body.at(-2) === 1
        ? Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0])
        : Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 95]), said, Buffer.from([1, 0])]),
    );
    const raises = [{ name: "metadata.version", from: 29, to: 30 }];
    await raiseFeatures(outputs, raises, true);
    const update = Buffer.concat([Buffer.from("\u0011metadata.version"), Buffer.from([0, 30, 1, 0])]);
    expect(broker.requests).toMatchObject([
      {
        apiKey: 57,
        apiVersion: 1,
        body: Buffer.concat([Buffer.from([0, 0, 0x27, 0x10, 2]), update, Buffer.from([1, 0])]),
      },
    ]);
    await expect(raiseFeatures(outputs, raises, false)).rejects.toThrow("Kafka refuses: nope (error 95)");
  });
});
