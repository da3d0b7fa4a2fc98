import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { KafkaCluster } from "../../components/kafka/cluster";
import { waitUntilReady } from "../../components/kafka/readiness";
import { acquireKafka, type KafkaInstall } from "../../embedded/acquire/kafka";
import { AddressBook, type PlacedContainer } from "../../embedded/containers/place";
import { RunningContainer } from "../../embedded/containers/running";
import { containerSpec } from "../../embedded/containers/spec";
import { kafkaDriver } from "../../embedded/drivers/kafka";
import { stateFolder } from "../../embedded/folder";
import { ProcessBook } from "../../embedded/processes";
import { declared, plain } from "../components/declared";
import { freeBrokerPort } from "./run";

/** Three brokers as the library declares them, on this machine, each of the version the test wants. */
export class Trio {
  private readonly running = new Map<number, RunningContainer>();

  private constructor(
    readonly bootstrapServers: string[],
    private readonly containers: PlacedContainer[],
    private readonly book: ProcessBook,
    private readonly folder: string,
  ) {}

  /** Declares the trio; nothing runs yet. */
  static async declare(): Promise<Trio> {
    const firstHostPort = await freeBrokerPort();
    const declarations = await declared(
      () =>
        new KafkaCluster("kafka", {
          placement: { prefix: "trio", networks: ["trio"] },
          image: "apache/kafka",
          firstHostPort,
          heapMiB: 256,
        }),
    );
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-trio-"));
    const state = { ...stateFolder(folder, "trio") };
    for (const [key, at] of [
      ["containers", "containers"],
      ["volumes", "volumes"],
      ["processes", "processes.json"],
    ] as const)
      state[key] = path.join(folder, at);
    const addresses = new AddressBook(state.addressPrefix);
    const specs = declarations
      .ofKind("Container")
      .map(({ name, inputs }) => containerSpec(name, plain(inputs) as Record<string, unknown>));
    for (const { hostnames } of specs) addresses.addressOf(hostnames);
    return new Trio(
      specs.flatMap(({ ports }) => ports.map(({ host }) => `127.0.0.1:${host}`)),
      specs.map((spec) => addresses.place(spec, state)),
      new ProcessBook(state.processes),
      folder,
    );
  }

  /** Starts a broker, from 1, with the jars given, on whatever its volume holds. */
  async start(broker: number, install: KafkaInstall): Promise<void> {
    const container = this.containers[broker - 1];
    if (!container) throw new Error(`there is no broker ${broker}`);
    const running = new RunningContainer(container, kafkaDriver(install), this.book);
    this.running.set(broker, running);
    await running.start();
  }

  /** Ends a broker in order. */
  async stop(broker: number): Promise<void> {
    await this.running.get(broker)?.stop();
    this.running.delete(broker);
  }

  /** Waits until every broker answers and every partition is whole. */
  async whole(timeoutMs = 60_000): Promise<void> {
    await waitUntilReady({ addresses: this.bootstrapServers, inSync: true }, timeoutMs);
  }

  /** What a broker has logged. */
  log(broker: number): string {
    const container = this.containers[broker - 1];
    return container ? fs.readFileSync(path.join(container.folder, "log"), "utf8") : "";
  }

  /** Ends all and removes what they wrote. */
  async end(): Promise<void> {
    await Promise.all([...this.running.values()].map((running) => running.stop("SIGKILL")));
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Kafka's jars out of the cache, which is filled first. */
export function kafkaJars(version: string): Promise<KafkaInstall> {
  return acquireKafka(version, () => undefined);
}
