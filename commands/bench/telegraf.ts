import { type ChildProcess, spawn } from "node:child_process";
import { acquireAll } from "../../embedded/acquire/all";
import { weatherToKafka } from "../../components/telegraf/bridge";
import { type TelegrafTable, telegrafToml } from "../../components/telegraf/config";
import { pinnedVersion } from "../../components/workload/images";
import { type Servers } from "./servers";
import { type WriteTarget } from "./influxdb";
import { freePort } from "./ports";

/** How long it may take to listen. */
const listensWithinMs = 20_000;

const token = "bench";

/** Path of Telegraf's program, out of the embedded run's cache. @throws UserError where it can't be had. */
export async function telegrafProgram(): Promise<string> {
  const { telegraf } = await acquireAll({ telegraf: pinnedVersion("telegraf") }, () => undefined);
  if (telegraf === undefined) throw new Error("there is no telegraf");
  return telegraf;
}

/**
 * The bridge's Telegraf from InfluxDB to Kafka built for speed: a buffer for all points, so that nothing waits for an answer of
 * Kafka's, and batches as large as `batch`. Its delivery is the bridge's: acks=all, idempotent, by station.
 */
function tables(
  brokers: string[],
  topic: string,
  port: number,
  points: number,
  batch: number,
): TelegrafTable[] {
  return [
    {
      name: "agent",
      settings: {
        interval: "1s",
        flush_interval: "100ms",
        metric_batch_size: batch,
        metric_buffer_limit: points,
        omit_hostname: true,
        skip_processors_after_aggregators: true,
        quiet: true,
      },
    },
    {
      name: "inputs.influxdb_v2_listener",
      settings: { service_address: `127.0.0.1:${port}`, token, parser_type: "upstream" },
    },
    {
      name: "outputs.kafka",
      settings: {
        brokers,
        topic,
        ...weatherToKafka,
      },
    },
  ];
}

/** A Telegraf that publishes what is written to it, as a server of InfluxDB's write API. */
export class Telegraf {
  private constructor(
    private readonly child: ChildProcess,
    readonly target: WriteTarget,
  ) {}

  /** Starts it, and returns once it takes writes. */
  static async start(
    program: string,
    servers: Pick<Servers, "brokers" | "write">,
    { topic, points, batch }: { topic: string; points: number; batch: number },
    signal: AbortSignal,
  ): Promise<Telegraf> {
    const port = await freePort();
    const file = servers.write(
      `telegraf-${port}.conf`,
      telegrafToml(tables(servers.brokers, topic, port, points, batch)),
    );
    const child = spawn(program, ["--config", file], { stdio: ["ignore", "ignore", "pipe"], signal });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    child.on("error", () => undefined);
    const url = `http://127.0.0.1:${port}`;
    const telegraf = new Telegraf(child, { url, token, org: "bench", bucket: "bench" });
    for (const deadline = performance.now() + listensWithinMs; ;) {
      const headers = { authorization: `Token ${token}` };
      if (
        await fetch(`${url}/api/v2/ready`, { headers }).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        return telegraf;
      if (child.exitCode !== null || performance.now() > deadline) {
        await telegraf.stop();
        throw new Error(`Telegraf does not listen: ${log.trim()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }
}
