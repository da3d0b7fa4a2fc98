import { type PemIdentity } from "../components/certificates/certificate";
import { pipelineTopics, settingsSchema } from "../components/settings";
import { UserError } from "../embedded/stack-config";
import { type ExportedState, type Stated } from "./interrupted";
import { deployersKafka } from "./live/kafka-client";

/** Where the topics may be that a state lacks, and how its provider connects to them. */
export interface MissingTopics {
  bootstrapServers: string[];
  topics: string[];
  /** The deployer's certificate; undefined where Kafka is plaintext. */
  kafkaTls?: PemIdentity;
}

/**
 * The pipeline's topics that a state lacks, and the brokers that may have them; undefined where there can be none.
 *
 * @param state exported with its secrets in plain text, where Kafka asks for a certificate.
 */
export function missingTopics({ deployment: { resources = [] } }: ExportedState): MissingTopics | undefined {
  const provider = resources.find(({ type }) => type === "pulumi:providers:kafka")?.inputs;
  const known = resources.filter(({ type }) => type === "kafka:index/topic:Topic");
  const topics = pipelineTopics(settingsSchema.parse({}))
    .map(({ name }) => name)
    .filter((name) => !known.some(({ outputs }) => outputs?.name === name));
  if (provider?.bootstrapServers === undefined || topics.length === 0) return undefined;
  const { caCert: ca, clientCert: cert, clientKey: key } = provider;
  // A provider's list stands in the state as JSON text.
  const bootstrapServers = JSON.parse(plain(provider.bootstrapServers)) as string[];
  if (ca === undefined || cert === undefined || key === undefined) return { bootstrapServers, topics };
  return { bootstrapServers, topics, kafkaTls: { ca: plain(ca), cert: plain(cert), key: plain(key) } };
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
  { bootstrapServers, topics, kafkaTls }: MissingTopics,
): Promise<void> {
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
