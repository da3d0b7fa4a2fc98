import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { pinnedImages } from "../../components/workload/images";
import { acquireKafka } from "../../embedded/acquire/kafka";
import { freePorts } from "./run";

/** A single Kafka node of a test's own, broker and controller. */
export interface TestBroker {
  readonly address: string;
  readonly kafka: Kafka;
  /** Ends the process by its id and removes its data. */
  stop(): Promise<void>;
}

/** The public constant of Kafka's image: any will do for a cluster that nobody else meets. */
const clusterId = "5L6g3nShT-eMCtK--X86sw";

/** Starts a node on free ports of 127.0.0.1 with its data in a temporary folder, and creates the topics. */
export async function startBroker(
  topics: readonly { name: string; partitions: number }[],
): Promise<TestBroker> {
  const { java, jvmOptions, classPath } = await acquireKafka(
    pinnedImages.kafka.split(":")[1] ?? "",
    () => undefined,
  );
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-broker-"));
  const [port, controllerPort] = await freePorts(2);
  const address = `127.0.0.1:${port}`;
  const properties = path.join(folder, "server.properties");
  fs.writeFileSync(
    properties,
    [
      "process.roles=broker,controller",
      "node.id=1",
      `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
      "controller.listener.names=CONTROLLER",
      `listeners=PLAINTEXT://${address},CONTROLLER://127.0.0.1:${controllerPort}`,
      `advertised.listeners=PLAINTEXT://${address}`,
      "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
      `log.dirs=${path.join(folder, "data")}`,
      "offsets.topic.replication.factor=1",
      "offsets.topic.num.partitions=1",
      "group.initial.rebalance.delay.ms=0",
      "auto.create.topics.enable=false",
      "",
    ].join("\n"),
  );
  const run = (...args: string[]) => [...jvmOptions, "-Xmx256m", "-cp", classPath, ...args];
  const formatted = spawnSync(
    java,
    run("kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties),
    {
      encoding: "utf8",
    },
  );
  if (formatted.status !== 0) throw new Error(`the node can't be formatted: ${formatted.stderr}`);
  const log = fs.openSync(path.join(folder, "log"), "a");
  const broker = spawn(java, run("kafka.Kafka", properties), { stdio: ["ignore", log, log] });
  fs.closeSync(log);
  const stop = async () => {
    if (broker.exitCode === null && broker.signalCode === null) {
      const ended = new Promise((resolve) => broker.once("exit", resolve));
      broker.kill("SIGKILL");
      await ended;
    }
    fs.rmSync(folder, { recursive: true, force: true });
  };
  const kafka = new Kafka({
    clientId: "test",
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 200, maxRetryTime: 1_000, retries: 60 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.createTopics({
      topics: topics.map(({ name, partitions }) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: 1,
      })),
    });
    return { address, kafka, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await admin.disconnect();
  }
}
