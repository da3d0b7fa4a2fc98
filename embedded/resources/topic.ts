import { type Admin, ConfigResourceTypes } from "kafkajs";
import { type Realised } from "../program";
import { type KafkaProvider } from "./kafka-client";

interface TopicInputs {
  name: string;
  partitions: number;
  replicationFactor: number;
  config?: Record<string, string>;
}

/**
 * Makes a topic what the program says: created, or given more partitions and the declared configuration.
 *
 * @throws Error where it would need fewer partitions or another replication factor: the embedded run destroys no messages.
 */
export async function realiseTopic(
  inputs: Record<string, unknown>,
  provider: KafkaProvider,
): Promise<Realised> {
  const topic = inputs as unknown as TopicInputs;
  const admin = await provider.admin();
  const configEntries = Object.entries(topic.config ?? {}).map(([name, value]) => ({ name, value }));
  const created = await admin.createTopics({
    // kafkajs waits by asking brokers that may not know the topic yet, and gives up on their answer.
    waitForLeaders: false,
    topics: [
      {
        topic: topic.name,
        numPartitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        configEntries,
      },
    ],
  });
  if (!created) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic.name] });
    const partitions = topics[0]?.partitions ?? [];
    const replicas = partitions[0]?.replicas.length;
    if (partitions.length > topic.partitions || replicas !== topic.replicationFactor) {
      throw new Error(
        `topic ${topic.name} has ${partitions.length} partitions of ${String(replicas)} replicas and is declared with ${topic.partitions} of ${topic.replicationFactor}: ` +
          "that would lose its messages; run `npm run down -- --volumes` first if they may go",
      );
    }
    if (partitions.length < topic.partitions) {
      await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
    }
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic.name, configEntries }],
    });
  }
  await untilLed(admin, topic.name);
  return { id: topic.name, state: inputs };
}

/** Waits until every partition has a leader, 20 s at most. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      if (topics[0]?.partitions.every(({ leader }) => leader >= 0)) return;
    } catch (error) {
      // A broker that hasn't heard of the topic yet says that there is none.
      if (tries >= 100) throw error;
    }
    if (tries >= 100) throw new Error(`topic ${topic} has no leaders after 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
