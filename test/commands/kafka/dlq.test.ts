import {
  type DeadLetter,
  deadLetter,
  type LetterFilter,
  passes,
  planReplay,
  positionAfter,
  renderLetters,
  renderReplay,
} from "../../../commands/kafka/dlq";
import { nothingReplayed, type ReplayPosition } from "../../../commands/kafka/replay-position";
import { header } from "../../../apps/shared/message";
import { deadLetterOf } from "../../../apps/shared/set-aside";

const letter = (offset: number, change: Partial<DeadLetter> = {}): DeadLetter => ({
  partition: 0,
  offset,
  timestampMs: 1_000 * offset,
  reason: "not JSON",
  source: `weather-0@${offset}`,
  key: "oslo",
  replayTo: "weather",
  ...change,
});

test("a letter is read as the programs write it", () => {
  const message = { key: Buffer.from([0xff, 1]), value: Buffer.from("x"), offset: "7", timestamp: "1" };
  const record = deadLetterOf(
    { topic: "weather", partition: 2, message: { ...message, headers: {} } },
    "bad",
  );
  const headers = Object.fromEntries(
    Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(String(value))]),
  );
  expect(deadLetter(3, { offset: "9", timestamp: "5", key: message.key, headers })).toEqual({
    partition: 3,
    offset: 9,
    timestampMs: 5,
    reason: "bad",
    source: "weather-2@7",
    key: "0xff01",
    replayTo: "weather",
  });
  const refusedPoint = { [header.reason]: "no wind", source: "influxdb" };
  expect(deadLetter(0, { offset: "0", timestamp: "5", key: null, headers: refusedPoint })).toMatchObject({
    source: "influxdb",
    key: null,
    replayTo: null,
  });
});

test.each<[filter: LetterFilter, offsets: number[]]>([
  [{}, [1, 2, 3]],
  [{ reason: "json" }, [1, 3]],
  [{ fromMs: 2_000 }, [2, 3]],
  [{ toMs: 2_000 }, [1]],
  [{ fromMs: 2_000, toMs: 3_000 }, [2]],
  [{ reason: "JSON", fromMs: 2_000 }, [3]],
])("%j means these letters: %j", (filter, offsets) => {
  const letters = [letter(1), letter(2, { reason: "wind: is missing" }), letter(3)];
  expect(letters.filter((one) => passes(one, filter)).map(({ offset }) => offset)).toEqual(offsets);
});

test("a plan parts the letters, and each is counted once", () => {
  const all = [
    letter(0),
    letter(1, { replayTo: null, source: "influxdb" }),
    letter(2),
    letter(3, { reason: "wind: is missing" }),
    letter(4, { reason: "wind: is missing", replayTo: null }),
    letter(0, { partition: 1 }),
  ];
  const letters = { all, positions: new Map([[0, { next: 1, beyond: [] }]]) };
  const places = (plan: { send: DeadLetter[] }) =>
    plan.send.map(({ partition, offset }) => `${partition}@${offset}`);

  const some = planReplay(letters, { reason: "json" }, false);
  expect(places(some)).toEqual(["0@2", "1@0"]);
  expect(some).toMatchObject({ replayedBefore: 1, notReplayable: [{ offset: 1 }], leftOut: 1 });

  const again = planReplay(letters, {}, true);
  expect(places(again)).toEqual(["0@0", "0@2", "0@3", "1@0"]);
  expect(again).toMatchObject({ replayedBefore: 0, leftOut: 0 });
  expect(again.notReplayable.map(({ offset }) => offset)).toEqual([1, 4]);
});

describe("the position after a replay", () => {
  const letters = [letter(0), letter(1, { replayTo: null }), letter(2), letter(3), letter(4)];

  test.each<[what: string, before: ReplayPosition, sent: number[], after: ReplayPosition]>([
    ["one that can't be replayed doesn't hold it up", nothingReplayed, [0], { next: 2, beyond: [] }],
    [
      "one that was left out stays to be replayed",
      { next: 2, beyond: [] },
      [3],
      { next: 2, beyond: [{ start: 3, end: 4 }] },
    ],
    [
      "an earlier filtered replay is not forgotten",
      { next: 2, beyond: [{ start: 3, end: 4 }] },
      [2],
      { next: 4, beyond: [] },
    ],
    [
      "again, from the beginning: it stays where it was",
      { next: 5, beyond: [] },
      [0, 2],
      { next: 5, beyond: [] },
    ],
  ])("%s", (_what, before, sent, after) => {
    expect(positionAfter(letters, before, new Set(sent))).toEqual(after);
  });

  test("a filtered replay and then one of all send each letter once", () => {
    const filter = { reason: "wind" };
    const all = [0, 1, 2, 3, 4, 5].map((offset) =>
      letter(offset, { reason: offset % 2 === 0 ? "not JSON" : "wind: is missing" }),
    );
    const first = planReplay({ all, positions: new Map() }, filter, false).send.map(({ offset }) => offset);
    const position = positionAfter(all, nothingReplayed, new Set(first));
    const second = planReplay({ all, positions: new Map([[0, position]]) }, {}, false);
    expect(first).toEqual([1, 3, 5]);
    expect(second.send.map(({ offset }) => offset)).toEqual([0, 2, 4]);
    expect(second.replayedBefore).toBe(3);
  });
});

test("letters are shown with what a foreign record holds made harmless", () => {
  const letters = [
    { ...letter(7, { key: "a\u001b[2Jb", reason: "r".repeat(200) }), replayed: false },
    { ...letter(6, { key: null }), replayed: true },
    { ...letter(5, { replayTo: null, source: "influxdb" }), replayed: false },
  ];
  const shown = renderLetters({ letters, passing: 3, total: 1_200 }, 67_000);
  expect(shown).toBe(
    [
      "AGE    LETTER  SOURCE       KEY     REPLAY          REASON",
      `1 min  0@7     weather-0@7  a·[2Jb  to weather      ${"r".repeat(79)}…`,
      "1 min  0@6     weather-0@6  -       replayed        not JSON",
      "1 min  0@5     influxdb     oslo    not replayable  not JSON",
      "",
      "3 of 3 dead letters that pass the filter, of 1,200 in all",
    ].join("\n"),
  );
  expect(renderLetters({ letters: [], passing: 0, total: 0 }, 0)).toBe("0 of 0 dead letters");
});

test("a plan is shown by where to and why", () => {
  const send = [letter(0), letter(1), letter(2, { replayTo: "weather-retry", reason: "InfluxDB away" })];
  const notReplayable = [letter(3, { replayTo: null })];
  expect(renderReplay({ send, notReplayable, replayedBefore: 4, leftOut: 5 })).toBe(
    [
      "LETTERS  TO              REASON",
      "2        weather         not JSON",
      "1        weather-retry   InfluxDB away",
      "1        not replayable  not JSON",
      "",
      "3 to replay; 4 replayed before; 1 not replayable (without replay-to); 5 left out by the filter stay for later",
    ].join("\n"),
  );
});
