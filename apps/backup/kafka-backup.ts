import { type Admin, ConfigResourceTypes, ConfigSource, type Kafka } from "kafkajs";
import { offsetsOfTopics } from "../shared/topic-offsets";
import { type OffsetRange, readRanges } from "../shared/topicReader";
import { type ArchiveWriter } from "./archive";
import { type GroupManifest, type Manifest, type TopicManifest } from "./manifest";
import { recordLine } from "./records";

/** Begins the names of the groups that topics are read with; they commit nothing, and leave nothing behind. */
export const backupGroupPrefix = "weather-backup-";

/** Text gathered of a partition before it becomes a part. */
const partCharacters = 8 * 1024 * 1024;

/**
 * Writes every topic that isn't Kafka's own into a backup: its records, with their offsets, times, keys and headers.
 *
 * The groups' offsets are read first, then the ends of all topics, then the records up to these: so no group is ahead of what the
 * backup holds, and all that was acknowledged before is in it. Nothing is stopped.
 *
 * @throws Error where a broker doesn't answer, or a topic can't be read for 30 s.
 */
export async function backupKafka(
  kafka: Kafka,
  archive: ArchiveWriter,
  signal: AbortSignal,
): Promise<Manifest["kafka"]> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { clusterId } = await admin.describeCluster();
    const groups = await committedOffsets(admin);
    const names = (await admin.listTopics()).filter((name) => !name.startsWith("__")).sort();
    const ends = await offsetsOfTopics(admin, names);
    const topics: TopicManifest[] = [];
    for (const [name, partitions] of ends) {
      const ranges = partitions.map(({ partition, low, high }) => ({
        topic: name,
        partition,
        start: BigInt(low),
        end: BigInt(high),
      }));
      const counts = await backupRecords(kafka, ranges, archive, signal);
      topics.push({
        name,
        ...(await topicShape(admin, name)),
        partitions: ranges
          .map(({ partition, start, end }) => ({
            partition,
            start: String(start),
            end: String(end),
            messages: counts.get(partition) ?? 0,
          }))
          .sort((a, b) => a.partition - b.partition),
      });
    }
    return { clusterId, groups, topics };
  } finally {
    await admin.disconnect();
  }
}

/** What each group has committed, those without a commit left out. */
export async function committedOffsets(admin: Admin): Promise<GroupManifest[]> {
  const groups: GroupManifest[] = [];
  for (const { groupId } of (await admin.listGroups()).groups) {
    const topics = (await admin.fetchOffsets({ groupId }))
      .map(({ topic, partitions }) => ({
        topic,
        partitions: partitions
          .filter(({ offset }) => Number(offset) >= 0)
          .map(({ partition, offset }) => ({ partition, offset }))
          .sort((a, b) => a.partition - b.partition),
      }))
      .filter(({ partitions }) => partitions.length > 0);
    if (topics.length > 0) groups.push({ group: groupId, topics });
  }
  return groups.sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Replicas of a topic, and what is configured for it alone. */
export async function topicShape(
  admin: Admin,
  topic: string,
): Promise<Pick<TopicManifest, "replicationFactor" | "config">> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  });
  const own = (resources[0]?.configEntries ?? []).filter(
    ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
  );
  return {
    replicationFactor: topics[0]?.partitions[0]?.replicas.length ?? 1,
    config: Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue])),
  };
}

/** Writes the records of one topic and counts them by partition. */
async function backupRecords(
  kafka: Kafka,
  ranges: readonly OffsetRange[],
  archive: ArchiveWriter,
  signal: AbortSignal,
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  const gathered = new Map<number, { topic: string; text: string }>();
  const flush = async (partition: number): Promise<void> => {
    const held = gathered.get(partition);
    if (!held) return;
    gathered.delete(partition);
    await archive.add({ kind: "messages", topic: held.topic, partition }, Buffer.from(held.text));
  };
  await readRanges(
    kafka,
    backupGroupPrefix,
    ranges,
    async (topic, partition, records) => {
      const text = (gathered.get(partition)?.text ?? "") + records.map(recordLine).join("");
      gathered.set(partition, { topic, text });
      counts.set(partition, (counts.get(partition) ?? 0) + records.length);
      if (text.length >= partCharacters) await flush(partition);
    },
    signal,
  );
  for (const partition of [...gathered.keys()]) await flush(partition);
  return counts;
}
