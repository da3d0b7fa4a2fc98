import { type Admin } from "kafkajs";

/** First and next offset of each partition of a topic. */
export type TopicOffsets = Awaited<ReturnType<Admin["fetchTopicOffsets"]>>;

/**
 * Offsets of several topics, asked for one after the other: calls that overlap on one kafkajs admin take each other's metadata away,
 * and fail with "Cannot destructure property 'partitions' of 'high.pop(...)'".
 */
export async function offsetsOfTopics(
  admin: Pick<Admin, "fetchTopicOffsets">,
  topics: readonly string[],
): Promise<[topic: string, offsets: TopicOffsets][]> {
  const all: [string, TopicOffsets][] = [];
  for (const topic of topics) all.push([topic, await admin.fetchTopicOffsets(topic)]);
  return all;
}
