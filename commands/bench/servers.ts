import * as fs from "node:fs";
import * as path from "node:path";
import { type ChildProcess } from "node:child_process";
import { consumerConfig, type ConsumerConfig } from "../../apps/consumer/config";
import { producerConfig, type ProducerConfig } from "../../apps/producer/config";
import { type PipelineOutputs } from "../../components/outputs";
import { acquireKafka, type KafkaInstall } from "../../embedded/acquire/kafka";
import { pinnedVersion } from "../../components/workload/images";
import { actOn, supervisorStatus } from "../../embedded/control";
import { readJson, stateFolder } from "../../embedded/folder";
import { type SupervisorEvent } from "../../embedded/supervisor";
import { projectRoot } from "../arguments";
import { forkTypeScript } from "../fork";
import { freeStackPorts } from "./ports";

/** The environment whose settings the benchmark takes: heap, topics, retention, limits. */
export const benchStack = "dev";

/** What the measurements don't look at. */
const without = ["inject", "monitor", "telegraf", "kafdrop", "grafana"];

/** How long ending all may take. */
const endWithinMs = 60_000;

/**
 * Three brokers and InfluxDB as the embedded run starts them, in a state folder of this run's own. Programs reach them at the addresses
 * of the containers, as in the stack itself, not through the published ports.
 */
export class Servers {
  private constructor(
    private readonly supervisor: ChildProcess,
    readonly kafka: KafkaInstall,
    readonly outputs: PipelineOutputs,
    /** The stack's own configurations, with addresses and files as they are on this machine. */
    readonly producer: ProducerConfig,
    readonly consumer: ConsumerConfig,
    readonly folder: string,
    private readonly pids: ReadonlyMap<string, number>,
  ) {}

  /** Brings them up; the stack's own producer and consumer wait until {@link run} asks for them. */
  static async start(folder: string, signal: AbortSignal): Promise<Servers> {
    const state = stateFolder(projectRoot, benchStack);
    fs.mkdirSync(state.root, { recursive: true, mode: 0o700 });
    const kafka = await acquireKafka(pinnedVersion("kafka"), () => undefined);
    const log = fs.openSync(state.log, "a");
    const supervisor = forkTypeScript("embedded/main.ts", {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
    });
    fs.closeSync(log);
    try {
      const outputs = await isUp(supervisor, signal, {
        stack: benchStack,
        overrides: {
          ...(await freeStackPorts()),
          ...Object.fromEntries(without.map((part) => [`${part}.enabled`, false])),
        },
      });
      const config = (program: string) =>
        readJson(
          path.join(
            state.containers,
            `${outputs.prefix}-${program}`,
            "root",
            "etc",
            "weather",
            "config.json",
          ),
        );
      const services = (await supervisorStatus(state.socket))?.services ?? [];
      const servers = new Servers(
        supervisor,
        kafka,
        outputs,
        producerConfig.parse(config("producer")),
        consumerConfig.parse(config("consumer")),
        folder,
        new Map(services.map(({ name, pid }) => [name.slice(outputs.prefix.length + 1), pid ?? 0] as const)),
      );
      await servers.run("stop");
      return servers;
    } catch (error) {
      await ended(supervisor);
      throw error;
    }
  }

  /** Addresses of the brokers. */
  get brokers(): string[] {
    return this.producer.kafka.brokers;
  }

  /** Where InfluxDB is, and a token that may do everything. */
  get influxdb(): { url: string; org: string; token: string } {
    const { url, org } = this.producer.influxdb;
    return { url, org, token: this.outputs.influxdbOperatorToken };
  }

  /** Process ids by program, for {@link ProcessorTime}. */
  get processes(): { brokers: number[]; influxd: number[] } {
    const of = (name: RegExp) => [...this.pids].flatMap(([key, pid]) => (name.test(key) ? [pid] : []));
    return { brokers: of(/^kafka\d+$/), influxd: of(/^influxdb$/) };
  }

  /** Starts or stops the stack's own producer and consumer. */
  async run(action: "start" | "stop"): Promise<void> {
    const { socket } = stateFolder(projectRoot, benchStack);
    for (const program of ["producer", "consumer"])
      await actOn(socket, `${this.outputs.prefix}-${program}`, action);
  }

  /** Writes a file that only this user may read. */
  write(name: string, text: string): string {
    const file = path.join(this.folder, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  /** Ends all in order. */
  end(): Promise<void> {
    return ended(this.supervisor);
  }
}

function isUp(
  supervisor: ChildProcess,
  signal: AbortSignal,
  order: { stack: string; overrides: Record<string, unknown> },
): Promise<PipelineOutputs> {
  return new Promise((resolve, reject) => {
    let failure = "the servers' supervisor ended before they were up";
    const aborted = () => {
      reject(new Error("ended while the servers came up"));
    };
    signal.addEventListener("abort", aborted, { once: true });
    supervisor.on("message", (event: SupervisorEvent) => {
      if (event.kind === "failed") failure = event.message;
      if (event.kind === "up") resolve(event.outputs as unknown as PipelineOutputs);
    });
    supervisor.once("exit", () => {
      reject(new Error(failure));
    });
    supervisor.send(order);
  });
}

async function ended(supervisor: ChildProcess): Promise<void> {
  if (supervisor.exitCode !== null || supervisor.signalCode !== null) return;
  const gone = new Promise((resolve) => supervisor.once("exit", resolve));
  supervisor.kill("SIGTERM");
  const kill = setTimeout(() => supervisor.kill("SIGKILL"), endWithinMs);
  await gone;
  clearTimeout(kill);
}
