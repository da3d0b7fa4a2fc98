import { type EnginePlan } from "../../commands/preview-plan";
import { isRefused, previewSummary, summaryMark } from "../../commands/preview-summary";
import { shrinkVerdict } from "../../commands/shrink";
import { recorded } from "./recorded";

function summaryOf(plan: EnginePlan): string {
  return previewSummary({ stack: "prod", plan, shrink: shrinkVerdict(plan) });
}

/** Headings in their order, the folded ones too. */
function headings(summary: string): string[] {
  return [...summary.matchAll(/^### (.*)$|<summary><b>(.*)<\/b>/gm)].map(
    ([, open, folded]) => open ?? folded ?? "",
  );
}

test("what stands in the way comes first, then what goes, then what comes", () => {
  expect(headings(summaryOf(recorded("brokers-removed")))).toEqual([
    "⛔ Data would be lost",
    "⛔ Policy violations",
    "Replaced",
    "Deleted",
    "Changed",
  ]);
  expect(headings(summaryOf(recorded("first-deployment")))).toEqual(["⚠️ Notices", "Added"]);
});

test.each([
  [
    "unchanged",
    "✅ no changes",
    "**0** to add, **0** to change, **0** to replace, **0** to delete, 48 unchanged; **0** violations.",
  ],
  [
    "partitions-raised",
    "✅ can be deployed",
    "**0** to add, **5** to change, **0** to replace, **0** to delete, 43 unchanged; **0** violations.",
  ],
  [
    "partitions-lowered",
    "❌ refused",
    "**0** to add, **1** to change, **4** to replace, **0** to delete, 43 unchanged; **0** violations.",
  ],
  [
    "brokers-removed",
    "❌ refused",
    "**0** to add, **7** to change, **5** to replace, **6** to delete, 30 unchanged; **15** violations.",
  ],
  [
    "first-deployment",
    "✅ can be deployed",
    "**61** to add, **0** to change, **0** to replace, **0** to delete, 0 unchanged; **0** violations.",
  ],
])("recorded preview %s: verdict and counts", (name, verdict, counts) => {
  const lines = summaryOf(recorded(name)).split("\n");
  expect(lines[0]).toBe(summaryMark("prod"));
  expect(lines[2]).toBe(`## Preview of \`prod\`: ${verdict}`);
  expect(lines[4]).toBe(counts);
});

test("a change shows the value before and after, a secret nothing of either", () => {
  const summary = summaryOf(recorded("brokers-removed"));
  expect(summary).toContain(
    '- `weather-topic` (kafka Topic): `config["min.insync.replicas"]` `2` → `1`; `replicationFactor` `3` → `1`',
  );
  expect(summary).toContain(
    "- `telegraf-to-kafka-container` (docker Container), because of `uploads`: `uploads`\n",
  );
});

test("a policy's demand stands once, above all that violates it", () => {
  const summary = summaryOf(recorded("replication-lowered"));
  expect(summary.match(/\*\*kafka-topic-replication\*\* \(critical\)/g)).toHaveLength(1);
  expect(summary.match(/ {2}- `weather-.*-topic`: replicationFactor: is 2, fewer than 3/g)).toHaveLength(3);
});

const empty: EnginePlan = { config: {}, steps: [], violations: [], errors: [], warnings: [] };

test("an error of the program refuses the plan and is shown as it stands", () => {
  const plan = { ...empty, errors: ["kafka.brokers: must be 3 or 5"] };
  expect(isRefused({ plan, shrink: shrinkVerdict(plan) })).toBe(true);
  expect(summaryOf(plan)).toContain("### ⛔ Errors\n\n```text\nkafka.brokers: must be 3 or 5\n```");
});

test("an advisory violation is a notice and refuses nothing", () => {
  const violation = {
    policy: "image-digest",
    severity: "low",
    resource: "kafka-image",
    message: "no digest",
  } as const;
  const of = (level: "mandatory" | "advisory") => ({ ...empty, violations: [{ ...violation, level }] });
  expect(isRefused({ plan: of("advisory"), shrink: shrinkVerdict(empty) })).toBe(false);
  expect(isRefused({ plan: of("mandatory"), shrink: shrinkVerdict(empty) })).toBe(true);
  expect(headings(summaryOf(of("advisory")))).toEqual(["⚠️ Notices"]);
});

test("text of a resource can't break out of the comment", () => {
  const violations = [
    { policy: "p", level: "mandatory", severity: "", resource: "r", message: "<img src=x> *b* | c" },
  ] as const;
  expect(summaryOf({ ...empty, violations: [...violations] })).toContain("&lt;img src=x&gt; \\*b\\* \\| c");
});

test("a summary longer than a comment may be is cut at a line, with its folds closed", () => {
  const { steps } = recorded("first-deployment");
  const many = { ...empty, steps: Array.from({ length: 60 }, () => steps).flat() };
  const summary = summaryOf(many);
  expect(summary.length).toBeLessThan(65_536);
  expect(summary.split("<details>").length).toBe(summary.split("</details>").length);
  expect(summary.trimEnd()).toMatch(/The summary is longer than a comment may be.*$/);
});
