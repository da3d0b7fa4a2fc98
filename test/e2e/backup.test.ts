import * as fs from "node:fs";
import * as path from "node:path";
import { type StackStatus } from "../../commands/live/status";
import { eventually } from "./run";
import { coldStartMs, EmbeddedStack } from "./stack";

jest.setTimeout(300_000);

const stack = new EmbeddedStack(["inject.pointsPerSecond=200"]);
const backups = path.join(stack.state, "kept");

const status = () => stack.status();
const topics = ["weather", "weather-telegraf", "weather-dlq"];

/** Offsets of topics and groups and values of buckets, by clients that share nothing with the pipeline. */
async function contents() {
  const { kafka, influxdb, influxdbReadToken } = stack.outputs;
  const admin = stack.kafka().admin();
  await admin.connect();
  try {
    const byPartition = <T extends { partition: number }>(list: T[]) =>
      [...list].sort((a, b) => a.partition - b.partition);
    const offsets: Record<string, unknown> = {};
    for (const topic of topics)
      offsets[topic] = byPartition(await admin.fetchTopicOffsets(topic)).map(({ low, high }) => [low, high]);
    const groups: Record<string, unknown> = {};
    for (const [group, topic] of [
      [kafka.group, "weather"],
      ["telegraf-to-influxdb", "weather-telegraf"],
    ] as const) {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      groups[group] = byPartition(found?.partitions ?? []).map(({ offset }) => offset);
    }
    const client = stack.influx(influxdbReadToken);
    const values: Record<string, number | undefined> = {};
    for (const bucket of [influxdb.bucket, influxdb.telegrafBucket ?? ""]) {
      const rows = await client.getQueryApi(influxdb.org).collectRows<{ _value: number }>(
        `from(bucket: "${bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z)
          |> filter(fn: (r) => r._field == "temperature" or r._field == "wind") |> count() |> group() |> sum()`,
      );
      values[bucket] = rows[0]?._value;
    }
    return { offsets, groups, values };
  } finally {
    await admin.disconnect();
  }
}

/** Waits until nothing moves any more. */
async function still(): Promise<StackStatus> {
  let before = "";
  return eventually(
    status,
    ({ flow, kafka }) => {
      const now = JSON.stringify([
        flow,
        "topics" in kafka ? kafka.topics.map(({ messages }) => messages) : [],
      ]);
      const isStill = now === before && flow.injected === flow.published && flow.lag === 0;
      before = now;
      return isStill;
    },
    60_000,
  );
}

beforeAll(() => stack.up(), coldStartMs);

afterAll(() => stack.down(), 180_000);

test("backed up, destroyed, restored: the same points, messages and offsets, and it goes on", async () => {
  await eventually(status, ({ flow }) => (flow.consumed ?? 0) > 500, 60_000);
  await stack.act("inject", "stop");
  await still();
  const before = await contents();

  const taken = await stack.command("backup", "--to", backups, "--json");
  expect(taken).toMatchObject({ code: 0 });
  const { file } = JSON.parse(taken.output) as { file: string };

  const half = path.join(stack.state, "half.tar");
  fs.writeFileSync(half, fs.readFileSync(file).subarray(0, fs.statSync(file).size / 2));
  const cut = await stack.command("restore", half, "--replace-data");
  expect(cut.code).toBe(1);
  expect(cut.output).toContain("it ends before its end. Nothing was touched.");

  const refused = await stack.command("restore", file);
  expect(refused.code).toBe(1);
  expect(refused.output).toMatch(/nothing was changed:\n.*topic weather has [\d,]+ messages/);
  expect(await contents()).toEqual(before);

  expect((await stack.command("down", "--volumes")).code).toBe(0);
  expect(fs.existsSync(stack.folder.volumes)).toBe(false);

  const restored = await stack.command(
    "restore",
    file,
    ...["--target", "embedded", ...stack.settingArguments],
    ...["--set", "inject.enabled=false"],
  );
  expect(restored).toMatchObject({ code: 0 });
  await still();
  expect(await contents()).toEqual(before);

  // One more point goes its way, and none that was published before goes it again.
  const published = (await status()).flow.published ?? 0;
  await stack.writePoint("after the restore", 20);
  await eventually(status, ({ flow }) => flow.published === published + 1 && flow.lag === 0, 60_000);
});
