import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { reasonOf } from "../apps/shared/log";
import { acquireKafka } from "../embedded/acquire/kafka";
import { pinnedVersion } from "../components/workload/images";
import { UserError } from "../embedded/stack-config";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { choiceOf } from "./bench/choice";
import { consumerPart } from "./bench/consumer";
import { growthPart } from "./bench/growth";
import { injectPart } from "./bench/inject";
import { latencyPart } from "./bench/latency";
import { describeMachine } from "./bench/machine";
import { type Part, type Size } from "./bench/part";
import { pathPart } from "./bench/path";
import { producerPart } from "./bench/producer";
import { type BenchReport, type PartReport, reportJson, reportMarkdown } from "./bench/report";
import { repeatMarkdown } from "./bench/repeat";
import { Servers } from "./bench/servers";
import { stacksPart } from "./bench/stacks";
import { Topics } from "./bench/topics";
import { warmUp } from "./bench/warm-up";
import { deployersKafka } from "./live/kafka-client";

const parts: Readonly<Record<string, Part>> = {
  // First, while no servers of the other parts are up.
  stacks: stacksPart,
  producer: producerPart,
  path: pathPart,
  consumer: consumerPart,
  inject: injectPart,
  latency: latencyPart,
  growth: growthPart,
};

const usage = `npm run bench [-- --only NAME[,NAME]] [--rounds 3] [--quick] [--write] [--out docs/benchmarks.md]
                 [--json FILE] [--before FILE]

Measures the pipeline's programs against public tools, by turns on the same servers, and prints a report.
Parts: ${Object.keys(parts).join(", ")}. --quick takes small sizes: it shows that all works, and no speed.
--write writes the report to --out; --json writes the figures of every round. --before takes such a file of an earlier run, and the report
ends with how far the two are apart.`;

runCommand(async () => {
  const { values } = readArguments(usage, {
    only: { type: "string" },
    rounds: { type: "string" },
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    out: { type: "string" },
    json: { type: "string" },
    before: { type: "string" },
  });
  const earlier = values.before === undefined ? undefined : earlierReport(values.before);
  const { names, rounds, out } = choiceOf(values, Object.keys(parts));
  const kafka = await acquireKafka(pinnedVersion("kafka"), () => undefined);
  const machine = describeMachine(kafka.java);

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-bench-"));
  // A state of its own: a stack of this clone that is up is left alone.
  process.env["WEATHER_STATE"] = folder;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      process.stderr.write("\nEnding all servers ...\n");
      stop.abort();
    });
  try {
    const size = { rounds, quick: values.quick };
    const takenAt = new Date().toISOString();
    const measured = await measure(names, size, folder, stop.signal);
    const report: BenchReport = {
      takenAt,
      command: ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(
        " ",
      ),
      rounds,
      quick: values.quick,
      machine,
      loadAtEnd: os.loadavg()[0] ?? 0,
      parts: measured,
    };
    const page = reportMarkdown(report) + (earlier ? `\n${repeatMarkdown(report, earlier)}` : "");
    if (values.json !== undefined) fs.writeFileSync(values.json, reportJson(report));
    if (out === undefined) process.stdout.write(`${page}\n`);
    else {
      fs.writeFileSync(path.resolve(projectRoot, out), page);
      process.stdout.write(`${out} is written.\n`);
    }
    return stop.signal.aborted ? 1 : 0;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

/** The figures that an earlier run wrote. @throws UserError where the file holds none. */
function earlierReport(file: string): BenchReport {
  try {
    const report = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<BenchReport>;
    if (Array.isArray(report.parts)) return report as BenchReport;
    throw new Error("it holds no parts");
  } catch (error) {
    throw new UserError(`--before: ${file} isn't what --json of an earlier run wrote: ${reasonOf(error)}`);
  }
}

/** Measures part after part; one that fails is reported as not measured, and the next goes on. */
async function measure(
  names: readonly string[],
  size: Size,
  folder: string,
  stop: AbortSignal,
): Promise<PartReport[]> {
  const begunMs = Date.now();
  const tell = (line: string) =>
    process.stderr.write(`${((Date.now() - begunMs) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
  const reports: PartReport[] = [];
  let running: { servers: Servers; topics: Topics } | undefined;
  try {
    for (const name of names) {
      const part = parts[name];
      if (!part || stop.aborted) break;
      const partBegun = Date.now();
      tell(`${name}: ${part.subject}`);
      const signal = AbortSignal.any([stop, AbortSignal.timeout(part.limitSeconds * 1_000)]);
      const report = async () => {
        if (part.needs === "nothing") return part.run({ ...size, folder, signal, tell });
        if (!running) {
          const servers = await Servers.start(folder, stop);
          running = { servers, topics: await Topics.open(deployersKafka(servers.outputs, "weather-bench")) };
          if (!size.quick) await warmUp({ ...running, signal: stop });
          tell("three brokers and InfluxDB are up");
        }
        const kafka = deployersKafka(running.servers.outputs, "weather-bench");
        return part.run({ ...size, ...running, kafka, signal, tell });
      };
      const findings = await report().catch((error: unknown) => {
        const reason =
          signal.aborted && !stop.aborted ? `not done within ${part.limitSeconds} s` : reasonOf(error);
        tell(`${name}: failed: ${reason}`);
        return [{ kind: "not measured" as const, what: name, reason }];
      });
      reports.push({
        part: name,
        subject: part.subject,
        ...(part.bound !== undefined && { bound: part.bound }),
        findings,
        seconds: (Date.now() - partBegun) / 1_000,
      });
    }
  } finally {
    await running?.topics.close().catch(() => undefined);
    await running?.servers.end();
  }
  return reports;
}
