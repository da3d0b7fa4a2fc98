import { type KafkaMessage } from "kafkajs";
import { type Counts, PartitionMemory, readNote } from "../../../apps/consumer/memory";
import { messageId, epochNs } from "../../../apps/shared/message";

const t0 = Date.UTC(2026, 0, 1);
const options = {
  windowMs: 60_000,
  windowPoints: 1_000,
  minPoints: 10,
  anomalyDeviations: 3,
};
const now = () => t0 + 3_600_000;

function messageAt(offset: number, at: number, station = "a", temperature = 10 + (at % 2)): KafkaMessage {
  const time = new Date(t0 + at * 1_000).toISOString();
  return {
    key: Buffer.from(station),
    value: Buffer.from(JSON.stringify({ station, time, temperature, pressure: 1_000, wind: 3 })),
    headers: { "schema-version": "1", "message-id": messageId(station, epochNs(time) ?? "") },
    timestamp: String(t0 + at * 1_000),
    offset: String(offset),
    attributes: 0,
  };
}
const sourceOf = (message: KafkaMessage) => ({ topic: "weather", partition: 0, message });

/** 3,000 records: every tenth is sent twice, every 50th is garbage, every 100th is far from the mean. */
const log: KafkaMessage[] = [];
for (let at = 0; log.length < 3_000; at++) {
  log.push(messageAt(log.length, at, `s${at % 3}`, at % 100 === 99 ? 40 : 10 + (at % 2)));
  if (at % 10 === 0) log.push({ ...messageAt(0, at, `s${at % 3}`), offset: String(log.length) });
  if (at % 50 === 0) log.push({ ...messageAt(0, at), value: Buffer.from("{"), offset: String(log.length) });
}

/** Reads the log as a consumer does that is killed after each so many records, some of them after its last commit. */
function countsOver(killedAfter: () => number): Counts {
  let committed = { offset: 0n, metadata: null as string | null };
  for (;;) {
    const note = readNote(committed.metadata);
    const windowStart = log.findIndex(
      ({ timestamp }) => Number(timestamp) >= (note.newestMs ?? 0) - options.windowMs,
    );
    const readFrom = note.newestMs === undefined ? 0n : BigInt(windowStart);
    const memory = new PartitionMemory(0, options, readFrom, committed.offset, note, now);
    const life = Number(committed.offset) + killedAfter();
    for (const message of log.slice(Number(readFrom), life)) {
      memory.take(sourceOf(message));
      if (memory.isPastCommit && memory.next % 7n === 0n)
        committed = { offset: memory.next, metadata: JSON.stringify(memory.note) };
    }
    if (life >= log.length) return memory.counts;
  }
}

test("counts are the same however often the consumer is killed and wherever", () => {
  const never = countsOver(() => Number.POSITIVE_INFINITY);
  expect(never.messages + never.duplicates + never.deadLetters).toBe(log.length);
  expect(never.duplicates).toBeGreaterThan(250);
  expect(never.deadLetters).toBeGreaterThan(50);
  expect(never.anomalies).toBeGreaterThan(20);
  let turn = 0;
  const lengths = [8, 13, 200, 37, 641, 9, 77];
  expect(countsOver(() => lengths[turn++ % lengths.length] ?? 8)).toEqual(never);
  expect(turn).toBeGreaterThan(15);
});

test("statistics after a restart are those of the same window", () => {
  const whole = new PartitionMemory(0, options, 0n, 0n, readNote(null), now);
  for (const message of log) whole.take(sourceOf(message));
  const newestMs = whole.note.newestMs ?? 0;
  const from = log.findIndex(({ timestamp }) => Number(timestamp) >= newestMs - options.windowMs);
  const again = new PartitionMemory(
    0,
    options,
    BigInt(from),
    whole.next,
    readNote(JSON.stringify(whole.note)),
    now,
  );
  for (const message of log.slice(from))
    expect(again.take(sourceOf(message))).toEqual({ kind: "remembered" });
  expect(again.counts).toEqual(whole.counts);
  for (const station of ["s0", "s1", "s2"]) {
    const [expected, actual] = [whole, again].map(
      ({ stations }) => stations.summary()[station]?.measures.temperature,
    );
    expect(actual?.points).toBe(expected?.points);
    expect(actual?.mean).toBeCloseTo(expected?.mean ?? 0, 9);
    expect(actual?.deviation).toBeCloseTo(expected?.deviation ?? 0, 9);
  }
});

test("a message that a client delivers twice is taken once", () => {
  const memory = new PartitionMemory(0, options, 0n, 0n, readNote(null), now);
  expect(memory.take(sourceOf(messageAt(0, 0)))).toEqual({ kind: "counted", anomalies: [] });
  expect(memory.take(sourceOf(messageAt(0, 0)))).toEqual({ kind: "remembered" });
  expect(memory.take(sourceOf(messageAt(1, 0)))).toEqual({ kind: "duplicate" });
  expect(memory.counts).toEqual({ messages: 1, duplicates: 1, anomalies: 0, deadLetters: 0 });
});

test("a message under another key, or from the future, is a dead letter and moves no window", () => {
  const memory = new PartitionMemory(0, options, 0n, 0n, readNote(null), now);
  expect(memory.take(sourceOf({ ...messageAt(0, 0), key: Buffer.from("b") }))).toEqual({
    kind: "dead letter",
    reason: expect.stringMatching(/^key: must be the station/),
  });
  expect(memory.take(sourceOf(messageAt(1, 3_600 + 61)))).toEqual({
    kind: "dead letter",
    reason: "time: lies 61 s ahead of the clock, more than 60 s",
  });
  expect(memory.take(sourceOf(messageAt(2, 3_600 + 59)))).toMatchObject({ kind: "counted" });
});

test.each([null, undefined, "", "{", "1", '"x"'])(
  "metadata %j, which isn't ours, counts nothing",
  (metadata) => {
    expect(readNote(metadata)).toEqual({
      counts: { messages: 0, duplicates: 0, anomalies: 0, deadLetters: 0 },
    });
  },
);
