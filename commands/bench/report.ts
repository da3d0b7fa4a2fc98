/** What a figure counts in. */
export type Unit = "records/s" | "messages/s" | "points/s" | "ms" | "s" | "MiB";

/** What one program reached, a value a round. */
export interface Measured {
  /** The program or command, as a person would name it. */
  readonly by: string;
  readonly values: readonly number[];
  /** Processors kept busy by each program meanwhile, in cores, over all rounds: what the limit was. Default: not looked at. */
  readonly cores?: Readonly<Record<string, number>>;
}

/** What was counted, after the work, where it should have arrived. */
export interface Count {
  readonly where: string;
  readonly expected: number;
  readonly held: number;
}

/** One thing that was measured, or why it wasn't. */
export type Finding =
  | {
      readonly kind: "comparison";
      readonly what: string;
      readonly unit: Unit;
      readonly own: Measured;
      readonly other: Measured;
      /** The least ratio of ours to the other's that is aimed at. Default: none. */
      readonly atLeast?: number;
      readonly counts: readonly Count[];
    }
  | {
      readonly kind: "figure";
      readonly what: string;
      readonly unit: Unit;
      readonly own: Measured;
      /** The most that is aimed at, in the figure's unit. Default: none. */
      readonly atMost?: number;
      readonly counts: readonly Count[];
    }
  | { readonly kind: "not measured"; readonly what: string; readonly reason: string };

/** A part of the benchmark. */
export interface PartReport {
  readonly part: string;
  readonly subject: string;
  /** What bounds it, in a sentence. Default: not looked into. */
  readonly bound?: string;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

/** The machine, as far as it decides the figures. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  readonly java: string;
  /** Of the last minute, before anything was measured. */
  readonly loadAtStart: number;
}

/** A whole run. */
export interface BenchReport {
  readonly takenAt: string;
  readonly command: string;
  readonly rounds: number;
  /** Sizes were small: aims are left out, since it shows no speed. */
  readonly quick: boolean;
  readonly machine: Machine;
  /** Of the last minute of the run, what was measured included. */
  readonly loadAtEnd: number;
  readonly parts: readonly PartReport[];
}

/** Median and range of the rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @throws RangeError where there are no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (least === undefined || most === undefined || low === undefined || high === undefined)
    throw new RangeError("no values");
  return { median: (low + high) / 2, least, most };
}

/** Ours divided by the other's, round by round: what the machine did beside them met both of a round. */
export function ratiosOf(own: Measured, other: Measured): Spread {
  return spreadOf(
    own.values.flatMap((value, round) => {
      const against = other.values[round];
      return against === undefined ? [] : [value / against];
    }),
  );
}

/** Whether an aim was met; undefined where there is none, or nothing was measured. */
export function isMet(finding: Finding): boolean | undefined {
  switch (finding.kind) {
    case "comparison":
      return finding.atLeast === undefined
        ? undefined
        : ratiosOf(finding.own, finding.other).median >= finding.atLeast;
    case "figure":
      return finding.atMost === undefined ? undefined : spreadOf(finding.own.values).median <= finding.atMost;
    case "not measured":
      return undefined;
  }
}

/** The report with medians, ranges, ratios and whether each aim was met: for programs. */
export function reportJson(report: BenchReport): string {
  const summed = (measured: Measured) => ({ ...measured, ...spreadOf(measured.values) });
  const parts = report.parts.map((part) => ({
    ...part,
    findings: part.findings.map((finding) => {
      const met = report.quick ? null : (isMet(finding) ?? null);
      if (finding.kind === "not measured") return finding;
      if (finding.kind === "figure") return { ...finding, own: summed(finding.own), met };
      const [own, other] = [summed(finding.own), summed(finding.other)];
      return { ...finding, own, other, ratio: ratiosOf(finding.own, finding.other), met };
    }),
  }));
  return `${JSON.stringify({ ...report, parts }, null, 2)}\n`;
}

/** The report as a page: the machine, then a table a part. */
export function reportMarkdown(report: BenchReport): string {
  const { machine, rounds, quick, takenAt, command, parts } = report;
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const lines = [
    "# Benchmarks",
    "",
    `Made by \`${command}\` on ${takenAt.slice(0, 10)}, in ${Math.round(seconds / 60)} min; not written by hand.`,
    `Median of ${rounds} rounds (least to most). What is compared ran by turns on the same three brokers; the ratio is the median of the`,
    "rounds' ratios. Machines differ and are noisy: only the ratios of one run mean anything. `cores` are the processors that each program",
    "kept busy meanwhile.",
    "",
    `Machine: ${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryMiB / 1_024)} GiB, ${machine.system}, Node.js ${machine.node}, Java ${machine.java}; load ${machine.loadAtStart.toFixed(1)} before the start, ${report.loadAtEnd.toFixed(1)} at the end.`,
    "",
    ...(machine.loadAtStart > machine.cores / 2
      ? ["**Other programs kept the machine busy: these figures show that all works, and no speed.**", ""]
      : []),
  ];
  for (const { subject, bound, findings } of parts) {
    lines.push(`## ${subject}`, "");
    const measured = findings.filter((finding) => finding.kind !== "not measured");
    if (measured.length > 0)
      lines.push(
        "| what | reached | against | ratio | aim | |",
        "| --- | --- | --- | --- | --- | --- |",
        ...measured.map((finding) => row(finding, quick)),
        "",
      );
    if (bound !== undefined && measured.length > 0) lines.push(`What bounds it: ${bound}`, "");
    for (const finding of findings)
      if (finding.kind === "not measured")
        lines.push(`Not measured: ${finding.what}: ${finding.reason}.`, "");
  }
  return lines.join("\n");
}

function row(finding: Exclude<Finding, { kind: "not measured" }>, quick: boolean): string {
  const { what, unit, own } = finding;
  const other = finding.kind === "comparison" ? value(finding.other, unit) : "";
  const ratio = finding.kind === "comparison" ? range(ratiosOf(finding.own, finding.other), ratioText) : "";
  const met = quick ? undefined : isMet(finding);
  const verdict = met === undefined ? "" : met ? "met" : "**missed**";
  return `| ${[what, value(own, unit), other, ratio, quick ? "" : aim(finding), verdict].join(" | ")} |`;
}

function aim(finding: Exclude<Finding, { kind: "not measured" }>): string {
  if (finding.kind === "comparison")
    return finding.atLeast === undefined ? "" : `>= ${ratioText(finding.atLeast)}`;
  return finding.atMost === undefined ? "" : `<= ${amount(finding.atMost)} ${finding.unit}`;
}

function value({ by, values, cores }: Measured, unit: Unit): string {
  const busy = Object.entries(cores ?? {})
    .map(([program, share]) => `${program} ${share.toFixed(1)}`)
    .join(", ");
  const spread = range(spreadOf(values), amount);
  return `${spread} ${unit}, ${by}${busy === "" ? "" : `; cores: ${busy}`}`;
}

function range({ median, least, most }: Spread, text: (value: number) => string): string {
  return least === most ? text(median) : `${text(median)} (${text(least)} to ${text(most)})`;
}

function ratioText(ratio: number): string {
  return ratio.toFixed(2);
}

/** Three digits at least: `12,345`, `234`, `12.3`, `1.23`. */
function amount(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}
