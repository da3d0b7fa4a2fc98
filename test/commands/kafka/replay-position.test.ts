import {
  fits,
  isReplayed,
  nothingReplayed,
  positionWhere,
  readPosition,
  type ReplayPosition,
  writeBeyond,
} from "../../../commands/kafka/replay-position";

const among =
  (...settled: number[]) =>
  (offset: number) =>
    settled.includes(offset);

test.each<[what: string, from: number, offsets: number[], settled: number[], expected: ReplayPosition]>([
  ["nothing settled", 0, [0, 1, 2], [], { next: 0, beyond: [] }],
  ["all settled", 0, [0, 1, 2], [0, 1, 2], { next: 3, beyond: [] }],
  ["the first ones", 0, [0, 1, 2], [0, 1], { next: 2, beyond: [] }],
  ["one left out", 0, [0, 1, 2], [0, 2], { next: 1, beyond: [{ start: 2, end: 3 }] }],
  ["a log that begins later", 5, [100, 101], [100], { next: 101, beyond: [] }],
  ["offsets that are no letters", 0, [0, 4, 9], [4, 9], { next: 0, beyond: [{ start: 4, end: 10 }] }],
  ["no letters", 7, [], [], { next: 7, beyond: [] }],
])("a position knows each letter: %s", (_what, from, offsets, settled, expected) => {
  const position = positionWhere(from, offsets, among(...settled));
  expect(position).toEqual(expected);
  expect(offsets.filter((offset) => isReplayed(position, offset))).toEqual(settled);
  expect(readPosition(position.next, writeBeyond(position))).toEqual(position);
});

test("a group without a place has replayed nothing", () => {
  expect(readPosition(-1, null)).toEqual(nothingReplayed);
  expect(readPosition(12, null)).toEqual({ next: 12, beyond: [] });
});

test.each(["5", "x-y", "3 0", '{"counts":{}}'])("metadata of somebody else's, %j, is refused", (metadata) => {
  expect(() => readPosition(3, metadata)).toThrow("The position of the replays can't be read");
});

test("what a broker would not keep is known: about a thousand spans", () => {
  const everySecond = (count: number) =>
    positionWhere(
      0,
      Array.from({ length: 2 * count }, (_, offset) => offset),
      (offset) => offset % 2 === 1,
    );
  expect(fits(everySecond(1_000))).toBe(true);
  expect(fits(everySecond(1_100))).toBe(false);
});
