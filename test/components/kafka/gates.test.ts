import type * as pulumi from "@pulumi/pulumi";
import { QuorumGate, RollGate } from "../../../components/kafka/gates";
import { declared } from "../declared";
import { brokerOf, type ClusterFixture, type FakeBroker } from "./protocol";
import { loadProvider } from "./serialised";

interface GateProps {
  addresses: string[];
  incarnations: string[];
  timeoutMs: number;
}

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

const fixture = (isr: number[]): ClusterFixture => ({
  clusterId: "c",
  brokers: [{ id: 1, host: "127.0.0.1", port: 1, rack: null }],
  topics: [{ name: "weather", partitions: [{ partition: 0, leader: 1, replicas: [1, 2], isr }] }],
  quorum: { leader: 1, highWatermark: 1, voters: [{ id: 1, logEndOffset: 1 }] },
});

/** The providers as Pulumi's own host gets them: out of their source text. */
async function providers(): Promise<
  Record<"quorum" | "roll", pulumi.dynamic.ResourceProvider<GateProps, GateProps>>
> {
  const declarations = await declared(() => {
    const args = { addresses: ["127.0.0.1:1"], incarnations: ["a"], timeoutMs: 1_000 };
    new QuorumGate("quorum", args);
    new RollGate("roll", args);
  });
  const source = (label: string) => declarations.get(label).inputs["__provider"];
  return {
    quorum: loadProvider(source("QuorumGate quorum")),
    roll: loadProvider(source("RollGate roll")),
  };
}

async function brokerWith(isr: number[]): Promise<string> {
  const broker = brokerOf(() => fixture(isr));
  open.push(broker);
  return broker.listen();
}

const nobody: GateProps = { addresses: ["127.0.0.1:1"], incarnations: ["a"], timeoutMs: 100 };

test("gates have types of their own", async () => {
  const { all } = await declared(() => {
    new QuorumGate("quorum", nobody);
    new RollGate("roll", nobody);
  });
  expect(all.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
    "pulumi-nodejs:dynamic/kafka:QuorumGate quorum",
    "pulumi-nodejs:dynamic/kafka:RollGate roll",
  ]);
});

test("a roll gate passes at once when first made, though nobody answers yet", async () => {
  const { roll } = await providers();
  expect(await roll.create(nobody)).toEqual({ id: "127.0.0.1:1", outs: nobody });
});

test("a roll gate waits for its broker's new incarnation until every partition is whole", async () => {
  const { roll } = await providers();
  const thin: GateProps = { addresses: [await brokerWith([1])], incarnations: ["b"], timeoutMs: 300 };
  await expect(roll.update?.("id", { ...thin, incarnations: ["a"] }, thin)).rejects.toThrow(
    /not ready after 0\.3 s: .* sees 1 under-replicated partitions, such as weather-0/,
  );
  const whole: GateProps = { ...thin, addresses: [await brokerWith([1, 2])] };
  expect(await roll.update?.("id", { ...whole, incarnations: ["a"] }, whole)).toEqual({ outs: whole });
});

test("a roll gate of which only the waiting time changed doesn't wait", async () => {
  const { roll } = await providers();
  const later = { ...nobody, timeoutMs: 200 };
  expect(await roll.update?.("id", nobody, later)).toEqual({ outs: later });
});

test("a quorum gate waits at first and at every change, but not for replicas", async () => {
  const { quorum } = await providers();
  await expect(quorum.create(nobody)).rejects.toThrow(/not ready after 0\.1 s: .*ECONNREFUSED/);
  const props: GateProps = { addresses: [await brokerWith([1])], incarnations: ["a"], timeoutMs: 5_000 };
  expect(await quorum.create(props)).toEqual({ id: props.addresses[0], outs: props });
  await expect(quorum.update?.("id", props, nobody)).rejects.toThrow(/ECONNREFUSED/);
});

test.each<[string, Partial<GateProps>, boolean]>([
  ["nothing", {}, false],
  ["an incarnation", { incarnations: ["b"] }, true],
  ["an address", { addresses: ["127.0.0.1:2"] }, true],
  ["the waiting time", { timeoutMs: 1 }, true],
])("a change of %s", async (_what, change, changes) => {
  for (const provider of Object.values(await providers())) {
    expect(await provider.diff?.("id", nobody, { ...nobody, ...change })).toEqual({ changes });
  }
});
