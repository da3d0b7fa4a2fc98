/** From three brokers to five as docs/swarm.md has it: the brokers first, then the partitions, while the weather goes on. */
import { header } from "../../apps/shared/message";
import { deployersKafka } from "../../commands/live/kafka-client";
import { eventually } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";
import { readTopic } from "./witness";

jest.setTimeout(240_000);

// With certificates, since the brokers that are there must let the new ones in.
const stack = new EmbeddedStack(["security.mode=mtls", "telegraf.enabled=false", "monitor.enabled=false"]);

/** How many replicas each broker holds, and how many replicas the partitions have, by an independent client. */
async function replicas(): Promise<{ byBroker: Map<number, number>; perPartition: Set<number> }> {
  const admin = deployersKafka(stack.outputs, "witness").admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata();
    const partitions = topics.flatMap(({ partitions }) => partitions);
    const byBroker = new Map<number, number>();
    for (const id of partitions.flatMap(({ replicas }) => replicas))
      byBroker.set(id, (byBroker.get(id) ?? 0) + 1);
    return { byBroker, perPartition: new Set(partitions.map(({ replicas }) => replicas.length)) };
  } finally {
    await admin.disconnect();
  }
}

beforeAll(() => stack.up(), coldStartMs);
afterAll(() => stack.down(), 180_000);

test("the new brokers join empty, then hold as much as the others; no message is lost or doubled", async () => {
  await eventually(
    () => stack.status(),
    ({ flow }) => (flow.consumed ?? 0) > 20,
    60_000,
  );
  await stack.command("down");
  const up = await stack.command("up", ...stack.upArguments, "--set", "kafka.brokers=5");
  expect(up).toMatchObject({ code: 0 });
  const { kafka } = await stack.status();
  expect(kafka).toMatchObject({ brokers: [1, 2, 3, 4, 5] });
  const before = await replicas();
  expect([...before.byBroker.keys()].sort()).toEqual([1, 2, 3]);

  const dry = await stack.command("reassign", "--dry-run");
  expect(dry.output).toMatch(/\d+ of \d+ partitions change, \d+ replicas are copied/);
  expect((await replicas()).byBroker).toEqual(before.byBroker);

  const done = await stack.command("reassign", "--at-once", "10");
  expect(done).toMatchObject({ code: 0 });
  const { byBroker, perPartition } = await replicas();
  expect(perPartition).toEqual(new Set([3]));
  const counts = [1, 2, 3, 4, 5].map((id) => byBroker.get(id) ?? 0);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  expect((await stack.command("reassign")).output).toContain("Spread evenly already.");

  const moved = (await stack.status()).flow.consumed ?? 0;
  await eventually(
    () => stack.status(),
    ({ flow }) => (flow.consumed ?? 0) > moved + 10,
    30_000,
  );
  await stack.act("inject", "stop");
  const { flow } = await eventually(
    () => stack.status(),
    (now) => now.flow.injected === now.flow.published && now.flow.lag === 0,
    60_000,
  );
  const ids: (string | undefined)[] = [];
  await readTopic(deployersKafka(stack.outputs, "witness"), "weather", ({ headers }) =>
    ids.push(headers[header.messageId]),
  );
  expect(new Set(ids).size).toBe(flow.injected);
  expect(ids).toHaveLength(flow.injected ?? -1);
});
