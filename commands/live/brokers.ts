import { ConfigResourceTypes } from "kafkajs";
import { electPreferredLeaders, type FailedElection } from "../../components/kafka/elect-leaders";
import { askAll, type NodeAnswer, obstacles, waitUntilReady } from "../../components/kafka/readiness";
import { type PipelineOutputs } from "../../components/outputs";
import { deployersKafka } from "./kafka-client";

/** A broker of a running stack. */
export interface Broker {
  /** Node id. */
  id: number;
  /** Hostname on the network: `kafka2`. */
  name: string;
  /** Full name of the service: `weather-dev-kafka2`. */
  service: string;
  /** `host:port` at which the deployer reaches it. */
  address: string;
}

/** The brokers of a stack, in the order of their node ids. */
export function brokersOf({ prefix, kafka }: Pick<PipelineOutputs, "prefix" | "kafka">): Broker[] {
  return kafka.bootstrapServers.map((address, index) => {
    const name = `kafka${index + 1}`;
    return { id: index + 1, name, service: `${prefix}-${name}`, address };
  });
}

/** What of a stack's outputs leads to its brokers. */
export type Reachable = Pick<PipelineOutputs, "kafka" | "kafkaTls">;

/** Waits until every broker answers and every replica is in sync. @throws Error after `timeoutMs`, with what is in the way. */
export async function wholeAgain({ kafka, kafkaTls }: Reachable, timeoutMs: number): Promise<void> {
  await waitUntilReady({ addresses: kafka.bootstrapServers, inSync: true, tls: kafkaTls }, timeoutMs);
}

/** The brokers' views of the cluster, each asked for itself: the one place where a command asks them. */
export function brokerAnswers({ kafka, kafkaTls }: Reachable, timeoutMs = 2_000): Promise<NodeAnswer[]> {
  return askAll(kafka.bootstrapServers, timeoutMs, kafkaTls);
}

/** What keeps the cluster from being whole: every broker there, a quorum leader, every replica and every controller caught up. */
export async function obstaclesToWhole(outputs: Reachable): Promise<string[]> {
  return [...new Set(obstacles(await brokerAnswers(outputs), true))];
}

/** Min ISR by topic, as the cluster has it, internal topics included. @throws Error where no broker answers. */
export async function minInsyncReplicas(
  outputs: Reachable,
  topics: readonly string[],
): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map();
  const admin = deployersKafka(outputs, "weather-roll").admin();
  await admin.connect();
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configNames: ["min.insync.replicas"],
      })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Number(configEntries[0]?.configValue ?? 1),
      ]),
    );
  } finally {
    await admin.disconnect();
  }
}

/** Makes every partition's first replica its leader again. @throws Error where no broker takes the call. */
export async function restoreLeaders({ kafka, kafkaTls }: Reachable): Promise<FailedElection[]> {
  let failure: unknown;
  for (const address of kafka.bootstrapServers) {
    try {
      return await electPreferredLeaders(address, 10_000, kafkaTls);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
