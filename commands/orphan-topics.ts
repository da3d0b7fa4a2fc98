import { pipelineTopics, settingsSchema } from "../components/settings";
import { UserError } from "../embedded/stack-config";
import { type ExportedState } from "./interrupted";
import { deployersKafka } from "./live/kafka-client";

/** The pipeline's topics that a state lacks, and the brokers that may have them; undefined where there can be none. */
export function missingTopics({
  deployment: { resources = [] },
}: ExportedState): { bootstrapServers: string[]; topics: string[] } | undefined {
  const servers = resources.find(({ type }) => type === "pulumi:providers:kafka")?.inputs?.bootstrapServers;
  const known = resources.filter(({ type }) => type === "kafka:index/topic:Topic");
  const topics = pipelineTopics(settingsSchema.parse({}))
    .map(({ name }) => name)
    .filter((name) => !known.some(({ outputs }) => outputs?.name === name));
  if (servers === undefined || topics.length === 0) return undefined;
  // A provider's inputs stand in the state as JSON text, each for itself.
  return { bootstrapServers: JSON.parse(servers) as string[], topics };
}

/**
 * Removes topics that an `up` made and didn't note, as it was killed or its request timed out: the next one would be refused
 * ("Topic with this name already exists"). Only empty ones.
 *
 * @throws UserError for one that holds messages, with the way to keep it.
 */
export async function removeOrphanTopics(stack: string, state: ExportedState): Promise<void> {
  const missing = missingTopics(state);
  if (!missing) return;
  const { bootstrapServers, topics } = missing;
  const nothingElse = { internalBootstrapServers: [], clusterId: "", topics: [], group: "" };
  const admin = deployersKafka({ kafka: { bootstrapServers, ...nothingElse } }, "weather-up").admin();
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
