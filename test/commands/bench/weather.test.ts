import { pastPoints, recordBytes, recordOf } from "../../../commands/bench/weather";
import { decodeMessage, header } from "../../../apps/shared/message";

const nowMs = Date.parse("2026-01-31T10:00:00Z");

test.each([1, 4_999, 12_345])("so many points as asked for, in order, none twice: %d", (count) => {
  const points = [...pastPoints(count, 7, nowMs)].flat();
  expect(points).toHaveLength(count);
  const times = points.map(({ timeNs }) => timeNs);
  expect([...times].sort((a, b) => (a < b ? -1 : 1))).toEqual(times);
  expect(new Set(points.map(({ station, timeNs }) => `${station} ${timeNs}`)).size).toBe(count);
  expect(Number((times.at(-1) ?? 0n) / 1_000_000n)).toBeLessThanOrEqual(nowMs);
});

test("a record is a weather message as the producer publishes it", () => {
  const [point] = [...pastPoints(1, 1, nowMs)].flat();
  if (!point) throw new Error("no point");
  const record = recordOf(point);
  const decoded = decodeMessage(
    Buffer.from(String(record.value)),
    String(record.headers[header.schemaVersion]),
  );
  expect(decoded).toMatchObject({
    message: { station: point.station, temperature: point.temperature },
  });
  expect(record.headers[header.messageId]).toBe(`${point.station}@${point.timeNs}`);
  expect(record.key).toBe(point.station);
});

test("bytes of key, value and headers", () => {
  expect(recordBytes({ key: "é", value: "abc", headers: { id: "1" } })).toBe(8);
});
