import { HttpError } from "@influxdata/influxdb-client";
import {
  AnomalyEffect,
  anomalyLine,
  type Owed,
  owedOf,
  retryDelayMs,
} from "../../../apps/consumer/anomaly-effect";
import { type Anomaly } from "../../../apps/consumer/stations";
import { attemptOf, type SourceRecord } from "../../../apps/shared/set-aside";

const anomaly: Anomaly = {
  station: "a b",
  time: "2026-01-31T10:00:00.5Z",
  measure: "wind",
  value: 40,
  mean: 3,
  deviations: 9,
};
const sourceAt = (offset: number): SourceRecord => ({
  topic: "weather",
  partition: 0,
  message: {
    key: Buffer.from("a b"),
    value: Buffer.from("{}"),
    headers: {},
    offset: String(offset),
    timestamp: "1",
  },
});
const owedAt = (offset: number, attempts = 0): Owed => ({
  source: sourceAt(offset),
  anomalies: [{ ...anomaly, value: offset }],
  attempts,
});
const options = { maxAttempts: 3, firstDelayMs: 1_000, maxDelayMs: 5_000 };

function effectOn(write: (lines: readonly string[]) => Promise<void>) {
  const clock = { ms: 1_000_000 };
  return {
    clock,
    effect: new AnomalyEffect(
      write,
      options,
      "weather-retry",
      () => undefined,
      () => clock.ms,
    ),
  };
}

test("an anomaly is one point of InfluxDB, whenever it is written", () => {
  expect(anomalyLine(anomaly)).toBe(
    "anomaly,station=a\\ b,measure=wind value=40,mean=3,deviations=9 1769853600500000000",
  );
});

test("while InfluxDB is away a message waits longer each time, and is a dead letter after the last attempt", async () => {
  const { effect, clock } = effectOn(() => Promise.reject(new Error("connect ECONNREFUSED")));
  let owed = owedAt(7);
  for (const [attempts, delayMs] of [
    [1, 1_000],
    [2, 2_000],
  ] as const) {
    const { done, retries, deadLetters } = await effect.settle([owed]);
    expect([done, retries.length, deadLetters.length]).toEqual([0, 1, 0]);
    const headers = retries[0]?.headers;
    expect(attemptOf(headers)).toEqual({ attempts, dueMs: clock.ms + delayMs });
    const source = {
      topic: "weather-retry",
      partition: 1,
      message: { ...owed.source.message, headers: headers ?? {}, offset: "0" },
    };
    owed = owedOf(source, attempts) ?? owedAt(-1);
    expect(owed.anomalies).toEqual([{ ...anomaly, value: 7 }]);
    clock.ms += 60_000;
  }
  const { retries, deadLetters } = await effect.settle([owed]);
  expect(retries).toEqual([]);
  expect(deadLetters[0]?.headers).toMatchObject({
    reason: "its anomalies could not be written to InfluxDB in 3 attempts: connect ECONNREFUSED",
    "source-topic": "weather",
    "source-offset": "7",
    "replay-to": "weather-retry",
  });
});

test("after a failure it isn't asked again for a moment, so that a server that hangs doesn't hold up the analysis", async () => {
  let writes = 0;
  let isAway = true;
  const { effect, clock } = effectOn(() => {
    writes++;
    return isAway ? Promise.reject(new Error("timeout")) : Promise.resolve();
  });
  await effect.settle([owedAt(1)]);
  expect((await effect.settle([owedAt(2)])).retries).toHaveLength(1);
  expect(writes).toBe(1);
  isAway = false;
  clock.ms += 1_000;
  expect(await effect.settle([owedAt(3)])).toEqual({ done: 1, retries: [], deadLetters: [] });
});

test("one that is refused doesn't take the others of its write with it", async () => {
  const { effect } = effectOn((lines) =>
    lines.some((line) => line.includes("value=2,"))
      ? Promise.reject(new HttpError(400, "Bad Request", "unable to parse"))
      : Promise.resolve(),
  );
  const { done, retries, deadLetters } = await effect.settle([owedAt(1), owedAt(2), owedAt(3)]);
  expect([done, retries.length]).toEqual([2, 0]);
  expect(deadLetters.map(({ headers }) => headers["source-offset"])).toEqual(["2"]);
  expect(String(deadLetters[0]?.headers.reason)).toMatch(/^InfluxDB refuses its anomalies: /);
});

test.each([undefined, "", "{", "7", "{}"])("a record whose anomalies are %j owes none", (anomalies) => {
  const source = sourceAt(0);
  const headers = anomalies === undefined ? {} : { anomalies };
  expect(owedOf({ ...source, message: { ...source.message, headers } }, 0)).toBeUndefined();
});

test("the wait doubles up to the longest", () => {
  expect([1, 2, 3, 4, 5].map((attempts) => retryDelayMs(attempts, options))).toEqual([
    1_000, 2_000, 4_000, 5_000, 5_000,
  ]);
});
