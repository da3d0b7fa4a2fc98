import { diskFaults, segmentBytesFor, worstCaseBytes } from "../../../components/kafka/disk";
import { topicConfig } from "../../../components/kafka/topic";
import { pipelineTopics, settingsFaults, settingsSchema } from "../../../components/settings";

const mebibyte = 1_048_576;
const topic = (retentionBytes: number, partitions = 4) => ({
  name: "weather",
  partitions,
  cleanup: { policy: "delete" as const, retentionBytes },
});
/** What Kafka's own logs may take: 100 + 16 MiB of metadata, 12 * 3 * 8 MiB of offsets. */
const own = (100 + 16 + 288) * mebibyte;

test.each([
  [1_024 * mebibyte, 128 * mebibyte],
  [8_192 * mebibyte, 128 * mebibyte],
  [80 * mebibyte, 10 * mebibyte],
  [mebibyte, mebibyte],
])("a retention of %d bytes has segments of %d", (retentionBytes, segmentBytes) => {
  expect(segmentBytesFor(retentionBytes)).toBe(segmentBytes);
  expect(topicConfig({ ...topic(retentionBytes), name: "weather" }, 2)).toMatchObject({
    "retention.bytes": String(retentionBytes),
    "segment.bytes": String(segmentBytes),
  });
});

test("the worst case is retention and one segment a partition, Kafka's own logs, and half a percent of indexes", () => {
  expect(worstCaseBytes([])).toBe(Math.ceil(own * 1.005));
  expect(worstCaseBytes([topic(80 * mebibyte), topic(8 * mebibyte, 2)])).toBe(
    Math.ceil((own + 4 * 90 * mebibyte + 2 * 9 * mebibyte) * 1.005),
  );
});

test("a topic without a limit by size has no worst case", () => {
  expect(
    worstCaseBytes([{ ...topic(mebibyte), cleanup: { policy: "delete", retention: "1 day" } }]),
  ).toBeUndefined();
  expect(worstCaseBytes([{ ...topic(mebibyte), cleanup: { policy: "compact" } }])).toBeUndefined();
});

test("retention that could fill more than 85 % of the disk is a fault that says both figures", () => {
  const topics = [topic(1_024 * mebibyte)];
  const needMiB = Math.ceil((worstCaseBytes(topics) ?? 0) / mebibyte / 0.85);
  expect(diskFaults(topics, needMiB)).toEqual([]);
  expect(diskFaults(topics, needMiB - 1)).toEqual([
    {
      propertyPath: "retentionBytes",
      reason: expect.stringMatching(
        `^4 partitions could fill 5038 MiB of each broker's disk, more than 85 % of diskMiB \\(${needMiB - 1}\\): `,
      ) as string,
    },
  ]);
});

test("settings are held against the declared disk: more partitions, more retention or a smaller disk", () => {
  for (const kafka of [{ partitions: 12 }, { retentionBytes: 4_294_967_296 }, { diskMiB: 16_384 }])
    expect(settingsFaults({ kafka })).toEqual([
      { propertyPath: "kafka.retentionBytes", reason: expect.stringContaining("diskMiB") as string },
    ]);
});

test("the defaults fill at most 24 GiB of each broker's disk", () => {
  const settings = settingsSchema.parse({});
  const topics = pipelineTopics(settings).map(({ name, cleanup }) => ({
    name,
    partitions: settings.kafka.partitions,
    cleanup: cleanup ?? { policy: "delete" as const },
  }));
  expect((worstCaseBytes(topics) ?? 0) / 1_024 ** 3).toBeLessThan(24);
});
