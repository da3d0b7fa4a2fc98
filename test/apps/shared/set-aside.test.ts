import { header } from "../../../apps/shared/message";
import {
  attemptOf,
  deadLetterOf,
  replayOf,
  retryOf,
  type SourceRecord,
} from "../../../apps/shared/set-aside";

const source: SourceRecord = {
  topic: "weather",
  partition: 3,
  message: {
    key: Buffer.from([0xff, 0]),
    value: Buffer.alloc(1_000_000, "{"),
    timestamp: "5",
    offset: "17",
    headers: { "message-id": Buffer.from("a@1"), binary: Buffer.from([0xfe]) },
  },
};
/** As the record comes back from the topic it was sent to. */
const read = (record: ReturnType<typeof deadLetterOf>): SourceRecord["message"] => ({
  key: record.key === null ? null : Buffer.from(record.key),
  value: record.value === null ? null : Buffer.from(record.value),
  headers: Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value as string)]),
  ),
  offset: "99",
  timestamp: "1000",
});

test("a dead letter keeps every byte, and says where it stood, why it is dead and where a replay goes", () => {
  expect(deadLetterOf(source, "not JSON")).toEqual({
    key: source.message.key,
    value: source.message.value,
    headers: {
      ...source.message.headers,
      reason: "not JSON",
      "source-topic": "weather",
      "source-partition": "3",
      "source-offset": "17",
      "source-timestamp": "5",
      "replay-to": "weather",
    },
  });
});

test("its replay is the record as it was", () => {
  const { key, value, headers } = source.message;
  expect(replayOf(read(deadLetterOf(source, "not JSON")))).toEqual({
    topic: "weather",
    record: { key, value, headers, timestampMs: 5 },
  });
  const bare = { ...source, message: { ...source.message, key: null, value: null, headers: {} } };
  expect(replayOf(read(deadLetterOf(bare, "no value")))).toEqual({
    topic: "weather",
    record: { key: null, value: null, headers: {}, timestampMs: 5 },
  });
});

test("what the producer refused can't be replayed: it never was a message", () => {
  expect(
    replayOf({ ...source.message, headers: { reason: "temperature: is missing", source: "influxdb" } }),
  ).toBeUndefined();
});

test("a retry says when it is due; after many it still says where the record stood first", () => {
  const first = read(retryOf(source, "away", { attempts: 1, dueMs: 60_000 }, { [header.anomalies]: "[]" }));
  expect(attemptOf(first.headers)).toEqual({ attempts: 1, dueMs: 60_000 });
  const inRetry = (message: SourceRecord["message"]): SourceRecord => ({
    topic: "weather-retry",
    partition: 1,
    message,
  });
  const second = read(
    retryOf(inRetry(first), "away", { attempts: 2, dueMs: 90_000 }, { [header.anomalies]: "[]" }),
  );
  expect(attemptOf(second.headers)).toEqual({ attempts: 2, dueMs: 90_000 });
  const dead = deadLetterOf(inRetry(second), "given up");
  expect(String(dead.headers["source-topic"])).toBe("weather");
  expect(String(dead.headers["source-offset"])).toBe("17");
  const again = replayOf(read(dead));
  expect(Object.keys(again?.record.headers ?? {}).sort()).toEqual(["anomalies", "binary", "message-id"]);
});

test.each([
  [undefined],
  [{ [header.attempts]: "many", [header.retryAt]: "soon" }],
  [{ [header.attempts]: "-1", [header.retryAt]: "" }],
])("an attempt that can't be read (%j) is the first, and due at once", (headers) => {
  expect(attemptOf(headers)).toEqual({ attempts: 0, dueMs: 0 });
});

test("a reason never makes a record too long", () => {
  expect(String(deadLetterOf(source, "x".repeat(100_000)).headers.reason).length).toBe(501);
});
