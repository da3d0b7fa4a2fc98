import {
  type BenchReport,
  type Finding,
  isMet,
  ratiosOf,
  reportJson,
  reportMarkdown,
  spreadOf,
} from "../../../commands/bench/report";

const comparison = (own: number[], other: number[], atLeast?: number): Finding => ({
  kind: "comparison",
  what: "publish",
  unit: "records/s",
  own: { by: "ours", values: own, cores: { sender: 0.96 } },
  other: { by: "theirs", values: other },
  ...(atLeast !== undefined && { atLeast }),
  counts: [{ where: "topic", expected: 10, held: 10 }],
});
const figure = (values: number[], atMost?: number): Finding => ({
  kind: "figure",
  what: "latency",
  unit: "ms",
  own: { by: "ours", values },
  ...(atMost !== undefined && { atMost }),
  counts: [],
});
const none: Finding = { kind: "not measured", what: "compose", reason: "there is no docker" };

const report = (findings: Finding[], quick = false, loadAtStart = 0.25): BenchReport => ({
  loadAtEnd: 2.04,
  takenAt: "2026-01-31T10:00:00.000Z",
  command: "npm run bench",
  rounds: 3,
  quick,
  machine: {
    processor: "a processor",
    cores: 2,
    memoryMiB: 24_576,
    system: "Linux 6",
    node: "20.20.2",
    java: "17.0.1",
    loadAtStart,
  },
  parts: [{ part: "some", subject: "Some part", findings, seconds: 90 }],
});

test.each([
  [[5], { median: 5, least: 5, most: 5 }],
  [[9, 1, 5], { median: 5, least: 1, most: 9 }],
  [[10, 2, 4, 6], { median: 5, least: 2, most: 10 }],
])("the spread of %j", (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

test("nothing has no spread", () => {
  expect(() => spreadOf([])).toThrow(RangeError);
});

test("a ratio is that of the rounds, not of the medians", () => {
  const ratios = ratiosOf({ by: "a", values: [10, 40, 90] }, { by: "b", values: [100, 100, 100] });
  expect(ratios).toEqual({ median: 0.4, least: 0.1, most: 0.9 });
  expect(
    ratiosOf({ by: "a", values: [100, 10, 30] }, { by: "b", values: [200, 10, 100] }).median,
  ).toBeCloseTo(0.5);
});

test.each<[string, Finding, boolean | undefined]>([
  ["a ratio above its aim", comparison([80], [100], 0.7), true],
  ["a ratio at its aim", comparison([70], [100], 0.7), true],
  ["a ratio below its aim", comparison([69], [100], 0.7), false],
  ["a ratio without an aim", comparison([80], [100]), undefined],
  ["a figure within its aim", figure([400], 400), true],
  ["a figure beyond its aim", figure([401], 400), false],
  ["the median counts", figure([1, 300, 9_000], 400), true],
  ["what wasn't measured", none, undefined],
])("%s", (_, finding, met) => {
  expect(isMet(finding)).toBe(met);
});

test("the page has a row for what was measured, and the reason for what wasn't", () => {
  const page = reportMarkdown(
    report([comparison([80_000, 70_000, 60_000], [100_000, 100_000, 100_000], 0.7), none]),
  );
  expect(page).toContain(
    "| publish | 70,000 (60,000 to 80,000) records/s, ours; cores: sender 1.0 | 100,000 records/s, theirs | 0.70 (0.60 to 0.80) | >= 0.70 | met |",
  );
  expect(page).toContain("Not measured: compose: there is no docker.");
  expect(page).toContain("2 cores, 24 GiB");
  expect(page).toContain("load 0.3 before the start, 2.0 at the end");
});

test("a page says that the machine was busy", () => {
  const warning = "no speed";
  expect(reportMarkdown(report([], false, 1))).not.toContain(warning);
  expect(reportMarkdown(report([], false, 1.1))).toContain(warning);
});

test("a missed aim is seen, and small sizes are held against none", () => {
  const missed = [figure([512.4], 400)];
  expect(reportMarkdown(report(missed))).toContain(
    "| latency | 512 ms, ours |  |  | <= 400 ms | **missed** |",
  );
  const quick = reportMarkdown(report(missed, true));
  expect(quick).not.toContain("missed");
  expect(quick).not.toContain("400");
});

test("the JSON bears every round, the ratio and the verdict", () => {
  const { parts } = JSON.parse(reportJson(report([comparison([1, 2, 3], [2, 2, 2], 0.7), none]))) as {
    parts: { findings: Record<string, unknown>[] }[];
  };
  expect(parts[0]?.findings[0]).toMatchObject({
    own: { values: [1, 2, 3], median: 2, least: 1, most: 3 },
    ratio: { median: 1, least: 0.5, most: 1.5 },
    met: true,
    counts: [{ expected: 10, held: 10 }],
  });
  expect(parts[0]?.findings[1]).toEqual(none);
});

test("what bounds a part stands under its table, if anything was measured", () => {
  const bounded = (finding: Finding): BenchReport => ({
    ...report([]),
    parts: [{ part: "some", subject: "Some part", bound: "one core.", findings: [finding], seconds: 90 }],
  });
  expect(reportMarkdown(bounded(figure([1])))).toMatch(/\| latency .*\n\nWhat bounds it: one core\.\n/);
  expect(reportMarkdown(bounded(none))).not.toContain("What bounds it");
});
