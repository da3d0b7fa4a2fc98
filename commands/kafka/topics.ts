import { ConfigResourceTypes, ConfigSource } from "kafkajs";
import { UserError } from "../../embedded/stack-config";
import { table } from "../table";
import { type KafkaOutputs, withAdmin } from "./connection";
import { figure } from "./printable";

/** A topic down to its partitions. */
export interface TopicDescription {
  name: string;
  /** What was set for this topic; all else is as the brokers have it. */
  config: Record<string, string>;
  partitions: {
    partition: number;
    /** Node id, -1 where there is none. */
    leader: number;
    replicas: number[];
    isr: number[];
    /** The first offset that is still there. */
    earliest: number;
    /** The offset that the next record gets. */
    latest: number;
  }[];
}

/** Reads a topic. @throws UserError where there is no such topic, with the names of those that are. */
export function describeTopic(outputs: KafkaOutputs, name: string): Promise<TopicDescription> {
  return withAdmin(outputs, async (admin) => {
    const names = await admin.listTopics();
    if (!names.includes(name))
      throw new UserError(`There is no topic ${name}. There are: ${names.sort().join(", ")}`);
    const [{ topics }, offsets, { resources }] = await Promise.all([
      admin.fetchTopicMetadata({ topics: [name] }),
      admin.fetchTopicOffsets(name),
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name }],
      }),
    ]);
    const own = resources[0]?.configEntries.filter(
      ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
    );
    return {
      name,
      config: Object.fromEntries((own ?? []).map(({ configName, configValue }) => [configName, configValue])),
      partitions: (topics[0]?.partitions ?? [])
        .map(({ partitionId, leader, replicas, isr }) => {
          const found = offsets.find(({ partition }) => partition === partitionId);
          return {
            partition: partitionId,
            leader,
            replicas,
            isr,
            earliest: Number(found?.low ?? 0),
            latest: Number(found?.high ?? 0),
          };
        })
        .sort((a, b) => a.partition - b.partition),
    };
  });
}

/** A topic as text for a terminal. */
export function renderTopic({ name, config, partitions }: TopicDescription): string {
  const settings = Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `Topic ${name}: ${partitions.length} partitions`,
    table(
      ["PARTITION", "LEADER", "REPLICAS", "IN SYNC", "EARLIEST", "LATEST", "RECORDS"],
      partitions.map(({ partition, leader, replicas, isr, earliest, latest }) => [
        String(partition),
        leader < 0 ? "none" : String(leader),
        replicas.join(","),
        `${[...isr].sort((a, b) => a - b).join(",")}${isr.length < replicas.length ? " (behind)" : ""}`,
        ...[earliest, latest, latest - earliest].map(figure),
      ]),
    ),
    ...(settings.length === 0 ? [] : [table(["SET FOR THIS TOPIC", "VALUE"], settings)]),
  ].join("\n\n");
}
