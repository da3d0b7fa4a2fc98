import { type BenchReport, type Finding, ratiosOf, spreadOf } from "./report";

/** A figure that both runs have: the median ratio of a comparison, else the median itself. */
interface Repeated {
  readonly what: string;
  readonly of: string;
  readonly now: number;
  readonly earlier: number;
}

/** How far a run of the same parts on the same machine came out otherwise, as the end of the page. */
export function repeatMarkdown(report: BenchReport, earlier: BenchReport): string {
  const rows = repeated(report, earlier);
  if (rows.length === 0) return "";
  const apart = rows.map(({ now, earlier: before }) => Math.abs(now - before) / Math.max(now, before));
  const most = Math.max(...apart);
  const widest = rows[apart.indexOf(most)];
  return [
    "## The same, run before",
    "",
    `On ${earlier.takenAt.replace(/:\d\d\..*/, "")} UTC, load ${earlier.machine.loadAtStart.toFixed(1)} before its start. Half of these figures lie within ${percent(spreadOf(apart).median)} of each`,
    `other, all within ${percent(most)} (the widest apart: ${widest?.what ?? ""}).`,
    "",
    "| what | of | this run | the run before | apart |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(
      ({ what, of, now, earlier: before }, index) =>
        `| ${what} | ${of} | ${digits(now)} | ${digits(before)} | ${percent(apart[index] ?? 0)} |`,
    ),
    "",
  ].join("\n");
}

function repeated(report: BenchReport, earlier: BenchReport): Repeated[] {
  return report.parts.flatMap(({ part, findings }) => {
    const before = earlier.parts.find((one) => one.part === part)?.findings ?? [];
    return findings.flatMap((finding, index): Repeated[] => {
      // By place: what is measured may be named with figures of the run.
      const [now, then] = [finding, before[index]].map(middle);
      return now && then && now.of === then.of
        ? [{ what: finding.what, of: now.of, now: now.value, earlier: then.value }]
        : [];
    });
  });
}

function middle(finding: Finding | undefined): { of: string; value: number } | undefined {
  switch (finding?.kind) {
    case "comparison":
      return { of: "ratio", value: ratiosOf(finding.own, finding.other).median };
    case "figure":
      return { of: finding.unit, value: spreadOf(finding.own.values).median };
    default:
      return undefined;
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function digits(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
