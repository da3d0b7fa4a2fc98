import { Ledger, total } from "../../../commands/chaos/ledger";

function ledgerOf(
  acknowledged: [station: number, from: number, to: number, atMs: number][],
  arrived: [station: number, number: number][],
  stations = 2,
): Ledger {
  const ledger = new Ledger(stations, 1_000);
  for (const entry of acknowledged) ledger.acknowledge(...entry);
  for (const entry of arrived) ledger.arrive(...entry);
  return ledger;
}
const all = (from: number, to: number, station = 0): [number, number][] =>
  Array.from({ length: to - from }, (_, index) => [station, from + index]);

test.each<[what: string, ledger: Ledger, lost: number, duplicated: number, acknowledged: number]>([
  ["everything arrived once", ledgerOf([[0, 0, 3, 1_100]], all(0, 3)), 0, 0, 3],
  ["nothing arrived", ledgerOf([[0, 0, 3, 1_100]], []), 3, 0, 3],
  [
    "one in the midst is lost, one came three times",
    ledgerOf([[0, 0, 3, 1_100]], [...all(0, 1), ...all(2, 3), ...all(2, 3), ...all(2, 3)]),
    ...([1, 2, 3] as const),
  ],
  ["it arrived at another station only", ledgerOf([[0, 0, 1, 1_100]], all(0, 1, 1)), ...([1, 0, 1] as const)],
  ["what was never acknowledged arrived, twice", ledgerOf([], [...all(5, 6), ...all(5, 6)]), 0, 0, 0],
  [
    "numbers far beyond the first thousand arrived",
    ledgerOf([[1, 5_000, 5_002, 1_100]], all(5_000, 5_001, 1)),
    ...([1, 0, 2] as const),
  ],
  [
    "one arrived more often than a byte can count",
    ledgerOf(
      [[0, 0, 1, 1_100]],
      Array.from({ length: 300 }, () => [0, 0] as [number, number]),
    ),
    ...([0, 254, 1] as const),
  ],
])("where %s", (_what, ledger, lost, duplicated, acknowledged) => {
  expect(total(ledger.accounts([]))).toMatchObject({ lost, duplicated, acknowledged });
  expect(ledger.missing).toBe(lost);
  expect(ledger.acknowledged).toBe(acknowledged);
});

test("losses, repeats and pauses stand in the span in which they were acknowledged", () => {
  const ledger = ledgerOf(
    [
      [0, 0, 2, 1_200],
      [1, 0, 1, 1_300],
      [0, 2, 4, 6_000],
      [1, 1, 2, 2_000],
      [0, 4, 5, 6_100],
    ],
    [...all(0, 2), ...all(2, 3), ...all(4, 5), ...all(4, 5), ...all(0, 1, 1)],
  );
  expect(ledger.accounts([1_500, 6_050])).toEqual([
    { acknowledged: 3, lost: 0, duplicated: 0, longestPauseMs: 300 },
    { acknowledged: 3, lost: 2, duplicated: 0, longestPauseMs: 4_800 },
    { acknowledged: 1, lost: 0, duplicated: 1, longestPauseMs: 100 },
  ]);
  expect(total(ledger.accounts([1_500, 6_050]))).toEqual({
    ...{ acknowledged: 7, lost: 2, duplicated: 1, longestPauseMs: 4_800 },
  });
});

test("one station's acknowledgements don't hide another's pause", () => {
  const often = Array.from(
    { length: 50 },
    (_, index) => [0, index, index + 1, 1_100 + index * 100] as [number, number, number, number],
  );
  expect(total(ledgerOf([...often, [1, 0, 1, 5_000]], []).accounts([])).longestPauseMs).toBe(4_000);
});
