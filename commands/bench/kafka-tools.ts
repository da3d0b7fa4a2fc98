import { type ChildProcess, spawn } from "node:child_process";
import { type KafkaInstall } from "../../embedded/acquire/kafka";

/** Heap of the tools: as much as Kafka's own scripts give them. */
const toolHeap = "-Xmx512M";

/** Properties of the compared producer: as safe as ours, and batches of four times the default size, which throughput asks for. */
const producerProperties = [
  "acks=all",
  "enable.idempotence=true",
  "batch.size=65536",
  "linger.ms=5",
  "compression.type=none",
];

/** Work for one of Kafka's performance tools. */
export interface ToolOrder {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
}

/** Looks at a process while work of it goes on. */
type Watch = <T>(pid: number, work: () => Promise<T>) => Promise<T>;

/** Runs org.apache.kafka.tools.ProducerPerformance; returns its records a second. */
export async function producerPerformance(
  kafka: KafkaInstall,
  { brokers, topic, records }: ToolOrder,
  recordBytes: number,
  watch: Watch,
  signal: AbortSignal,
): Promise<number> {
  const output = await runTool(
    kafka,
    "org.apache.kafka.tools.ProducerPerformance",
    [
      ...["--bootstrap-server", brokers.join(","), "--topic", topic],
      ...["--num-records", String(records), "--record-size", String(recordBytes), "--throughput", "-1"],
      ...["--command-property", ...producerProperties],
    ],
    watch,
    signal,
  );
  return producedPerSecond(output, records);
}

/** Runs org.apache.kafka.tools.ConsumerPerformance; returns its messages a second without the time of joining the group. */
export async function consumerPerformance(
  kafka: KafkaInstall,
  { brokers, topic, records }: ToolOrder,
  group: string,
  watch: Watch,
  signal: AbortSignal,
): Promise<number> {
  const output = await runTool(
    kafka,
    "org.apache.kafka.tools.ConsumerPerformance",
    [
      ...["--bootstrap-server", brokers.join(","), "--topic", topic, "--group", group],
      ...["--num-records", String(records), "--timeout", "60000"],
    ],
    watch,
    signal,
  );
  return fetchedPerSecond(output, records);
}

/** Reads the last line of ProducerPerformance. @throws Error where it sent another number of records. */
export function producedPerSecond(output: string, records: number): number {
  const last = [...output.matchAll(/^(\d+) records sent, ([\d.]+) records\/sec/gm)].at(-1);
  if (!last || Number(last[1]) !== records)
    throw new Error(`ProducerPerformance did not send ${records} records:\n${output.trim()}`);
  return Number(last[2]);
}

/** Reads the table of ConsumerPerformance. @throws Error where it got fewer messages. */
export function fetchedPerSecond(output: string, records: number): number {
  const lines = output.split("\n").map((line) => line.split(",").map((cell) => cell.trim()));
  const header = lines.findIndex((cells) => cells.includes("fetch.nMsg.sec"));
  const cell = (name: string) => Number(lines[header + 1]?.[lines[header]?.indexOf(name) ?? -1]);
  if (header < 0 || !(cell("data.consumed.in.nMsg") >= records))
    throw new Error(`ConsumerPerformance did not get ${records} messages:\n${output.trim()}`);
  return cell("fetch.nMsg.sec");
}

async function runTool(
  { java, jvmOptions, classPath }: KafkaInstall,
  tool: string,
  args: readonly string[],
  watch: Watch,
  signal: AbortSignal,
): Promise<string> {
  const child: ChildProcess = spawn(
    java,
    [toolHeap, ...jvmOptions, "-Dlog4j2.level=ERROR", "-cp", classPath, tool, ...args],
    { stdio: ["ignore", "pipe", "pipe"], signal },
  );
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await watch(
    child.pid ?? 0,
    () =>
      new Promise<number | null>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", resolve);
      }),
  );
  if (code !== 0) throw new Error(`${tool} ended with code ${String(code)}:\n${output.trim()}`);
  return output;
}
