import { type PemIdentity } from "../components/certificates/certificate";
import { pipelineTopics, settingsSchema } from "../components/settings";
import { UserError } from "../embedded/stack-config";
import { type ExportedState, type Stated } from "./interrupted";
import { deployersKafka } from "./live/kafka-client";

/** The brokers of a stack, and the deployer's certificate where they ask for one. */
export interface StatedKafka {
  bootstrapServers: string[];
  kafkaTls?: PemIdentity;
}

/** The pipeline's topics that a state lacks though it has a Kafka provider, without which there can be none. */
export function missingTopics({ deployment: { resources = [] } }: ExportedState): string[] {
  if (!resources.some(isKafkaProvider)) return [];
  const known = resources.filter(({ type }) => type === "kafka:index/topic:Topic");
  return pipelineTopics(settingsSchema.parse({}))
    .map(({ name }) => name)
    .filter((name) => !known.some(({ outputs }) => outputs?.name === name));
}

/**
 * How a state's Kafka provider connects; undefined where there is none.
 *
 * @param state exported with its secrets in plain text, where Kafka asks for a certificate.
 */
export function kafkaOf({ deployment: { resources = [] } }: ExportedState): StatedKafka | undefined {
  const provider = resources.find(isKafkaProvider)?.inputs;
  if (provider?.bootstrapServers === undefined) return undefined;
  const { caCert: ca, clientCert: cert, clientKey: key } = provider;
  // A provider's list stands in the state as JSON text.
  const bootstrapServers = JSON.parse(plain(provider.bootstrapServers)) as string[];
  if (ca === undefined || cert === undefined || key === undefined) return { bootstrapServers };
  return { bootstrapServers, kafkaTls: { ca: plain(ca), cert: plain(cert), key: plain(key) } };
}

function isKafkaProvider({ type }: { type: string }): boolean {
  return type === "pulumi:providers:kafka";
}

/** A text of the state, whether it's marked as a secret there or not. */
function plain(value: Stated): string {
  return typeof value === "string" ? value : (JSON.parse(value.plaintext) as string);
}

/**
 * Removes topics that an `up` made and didn't note, as it was killed or its request timed out: the next one would be refused
 * ("Topic with this name already exists"). Only empty ones.
 *
 * @throws UserError for one that holds messages, with the way to keep it.
 */
export async function removeOrphanTopics(
  stack: string,
  topics: readonly string[],
  connection: StatedKafka | undefined,
): Promise<void> {
  if (!connection) return;
  const { bootstrapServers, kafkaTls } = connection;
  const nothingElse = { internalBootstrapServers: [], clusterId: "", topics: [], group: "" };
  const kafka = { bootstrapServers, ...nothingElse };
  const admin = deployersKafka({ kafka, ...(kafkaTls && { kafkaTls }) }, "weather-up").admin();
  try {
    await admin.connect();
  } catch {
    // Without brokers there are no topics to be in the way.
    await admin.disconnect();
    return;
  }
  try {
    const existing = await admin.listTopics();
    for (const topic of topics.filter((name) => existing.includes(name))) {
      const offsets = await admin.fetchTopicOffsets(topic);
      if (offsets.some(({ high }) => high !== "0"))
        throw new UserError(
          `The topic ${topic} exists, holds messages and isn't in the state of the stack ${stack}. Take it over with: pulumi import kafka:index/topic:Topic ${topic}-topic ${topic} --stack ${stack}`,
        );
      await admin.deleteTopics({ topics: [topic] });
      process.stdout.write(
        `Removed the empty topic ${topic}, which an earlier update had made without noting it.\n`,
      );
    }
  } finally {
    await admin.disconnect();
  }
}
