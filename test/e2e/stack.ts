import * as fs from "node:fs";
import { type InfluxDB, Point } from "@influxdata/influxdb-client";
import { Kafka, logLevel } from "kafkajs";
import { influxClient } from "../../commands/live/influxdb";
import { type StackStatus } from "../../commands/live/status";
import { type PipelineOutputs } from "../../components/outputs";
import { actOn, type ContainerAction } from "../../embedded/control";
import { stateFolder } from "../../embedded/folder";
import { type Finished, freeBrokerPort, freePorts, projectRoot, run, temporaryState } from "./run";

/** How long a test may wait for a stack: the servers are built once into the cache, and a cold machine needs minutes for that. */
export const coldStartMs = 40 * 60_000;

/** A stack of a test's own, run by the commands that a user types. */
export abstract class TestedStack {
  /** What the last run that came up told, secrets included. */
  abstract get outputs(): PipelineOutputs;

  /** Brings the stack up. @throws Error with what the command printed where it fails. */
  abstract up(): Promise<void>;

  /** Takes all of it away. */
  abstract down(): Promise<void>;

  /** Runs a command of the user's on this stack. */
  abstract command(name: string, ...args: string[]): Promise<Finished>;

  /** Kills a service, which comes back. */
  abstract kill(service: string): Promise<void>;

  /** What is kept of a resource that was made, by its name. @throws Error where none of that name is kept. */
  abstract kept(name: string): Record<string, unknown>;

  /** What `npm run status -- --json` says now. */
  async status(): Promise<StackStatus> {
    return JSON.parse((await this.command("status", "--json")).output) as StackStatus;
  }

  /** InfluxDB as whoever has that token sees it: the operator, if not said otherwise. */
  influx(token = String(this.kept("influxdb-operator-token")["result"])): InfluxDB {
    return influxClient(this.outputs, token);
  }

  /** Writes one point of a station, of this moment. */
  async writePoint(station: string, temperature: number): Promise<void> {
    const { org, bucket } = this.outputs.influxdb;
    const writes = this.influx().getWriteApi(org, bucket, "ms");
    const point = new Point("weather").tag("station", station).floatField("temperature", temperature);
    writes.writePoint(point.floatField("pressure", 1_013).floatField("wind", 3).floatField("humidity", 50));
    await writes.close();
  }

  /** A plain client of the brokers that shares nothing with the pipeline. */
  kafka(): Kafka {
    const brokers = this.outputs.kafka.bootstrapServers;
    return new Kafka({ clientId: "independent", brokers, logLevel: logLevel.NOTHING });
  }
}

/** An embedded stack of a test's own, with a state folder and ports that nobody else has, run by the commands that a user types. */
export class EmbeddedStack extends TestedStack {
  readonly state = temporaryState();
  /** The settings of the stack, each as `--set` and its value; none before `up`. */
  settingArguments: readonly string[] = [];
  /** What the stack listens at on 127.0.0.1. */
  publishedPorts: readonly number[] = [];

  /**
   * Nothing runs before `up`.
   *
   * @param settings each a `path=value`, as `npm run up -- --set` takes them; ports and a small heap are set besides.
   */
  constructor(
    private readonly settings: readonly string[] = [],
    private readonly stack = "dev",
  ) {
    super();
  }

  /** Where the run keeps what is its own. */
  get folder() {
    process.env["WEATHER_STATE"] = this.state;
    return stateFolder(projectRoot, this.stack);
  }

  get outputs(): PipelineOutputs {
    return JSON.parse(fs.readFileSync(this.folder.outputs, "utf8")) as PipelineOutputs;
  }

  /** The arguments that `up` was given, for a second one of the same stack. */
  get upArguments(): readonly string[] {
    return ["--target", "embedded", "--detach", ...this.settingArguments];
  }

  async up(): Promise<void> {
    const first = await freeBrokerPort();
    const [influx = 0, consumer = 0] = await freePorts(2);
    this.publishedPorts = [first, first + 10_000, first + 20_000, influx, consumer];
    this.settingArguments = [
      `kafka.firstHostPort=${first}`,
      `influxdb.hostPort=${influx}`,
      `consumer.hostPort=${consumer}`,
      "kafka.heapMiB=256",
      ...this.settings,
    ].flatMap((setting) => ["--set", setting]);
    const { code, output } = await this.command("up", ...this.upArguments);
    if (code !== 0) throw new Error(output);
  }

  async down(): Promise<void> {
    await this.command("down", "--volumes");
    fs.rmSync(this.state, { recursive: true, force: true });
  }

  command(name: string, ...args: string[]): Promise<Finished> {
    return run(this.state, name, ["--stack", this.stack, ...args]);
  }

  /** Kills, stops or starts a service. */
  act(service: string, action: ContainerAction): Promise<void> {
    return actOn(this.folder.socket, service, action);
  }

  kill(service: string): Promise<void> {
    return this.act(service, "kill");
  }

  kept(name: string): Record<string, unknown> {
    const resources = JSON.parse(fs.readFileSync(this.folder.resources, "utf8")) as Record<
      string,
      { state: Record<string, unknown> }
    >;
    const found = Object.entries(resources).find(([urn]) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`the run keeps no ${name}`);
    return found[1].state;
  }
}
