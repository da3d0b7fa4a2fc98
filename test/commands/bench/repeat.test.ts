import { type BenchReport, type Finding } from "../../../commands/bench/report";
import { repeatMarkdown } from "../../../commands/bench/repeat";

const comparison = (own: number[], other: number[]): Finding => ({
  ...{ kind: "comparison", what: "publish", unit: "records/s", counts: [] },
  own: { by: "ours", values: own },
  other: { by: "theirs", values: other },
});
const figure = (...values: number[]): Finding => ({
  ...{ kind: "figure", what: "latency", unit: "ms", counts: [] },
  own: { by: "ours", values },
});
const report = (...findings: Finding[]): BenchReport => ({
  ...{ takenAt: "2026-01-31T10:20:30.000Z", command: "npm run bench", rounds: 1, quick: false, loadAtEnd: 1 },
  machine: {
    ...{ processor: "a processor", cores: 2, memoryMiB: 24_576, system: "Linux 6" },
    ...{ node: "20.20.2", java: "17.0.1", loadAtStart: 0.25 },
  },
  parts: [{ part: "some", subject: "Some part", findings, seconds: 90 }],
});

test("ratios are compared with ratios, figures with figures, and the widest apart is named", () => {
  const now = report(comparison([80], [100]), figure(300, 100, 200));
  const page = repeatMarkdown(now, report(comparison([30], [50]), figure(150)));
  expect(page).toContain("| publish | ratio | 0.800 | 0.600 | 25 % |");
  expect(page).toContain("| latency | ms | 200 | 150 | 25 % |");
  expect(page).toContain("On 2026-01-31T10:20 UTC, load 0.3 before its start.");
  const wide = repeatMarkdown(now, report(comparison([80], [100]), figure(50)));
  expect(wide).toContain("Half of these figures lie within 38 %");
  expect(wide).toContain("all within 75 % (the widest apart: latency)");
});

test("what only one run has, or neither measured, is left out", () => {
  const none: Finding = { kind: "not measured", what: "latency", reason: "time was up" };
  expect(repeatMarkdown(report(figure(1)), report(none))).toBe("");
  expect(repeatMarkdown(report(none), report(none))).toBe("");
  expect(repeatMarkdown(report(figure(1)), report(comparison([1], [2])))).toBe("");
});
