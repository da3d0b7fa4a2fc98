import { ConfigResourceTypes } from "kafkajs";
import { offsetsOfTopics } from "../../apps/shared/topic-offsets";
import { askAll } from "../../components/kafka/readiness";
import { type PipelineOutputs } from "../../components/outputs";
import { deployersKafka } from "./kafka-client";

/** One topic as the cluster has it. */
export interface TopicStatus {
  name: string;
  partitions: number;
  replicationFactor: number;
  minInsyncReplicas: number;
  /** Partitions with fewer replicas in sync than replicas. */
  underReplicated: number;
  /** Messages that the topic holds now. */
  messages: number;
}

/** The cluster as it is now. */
export interface KafkaStatus {
  /** Node ids of the brokers that are there. */
  brokers: number[];
  /** Node id of the controller that leads, -1 where there is none. */
  leader: number;
  topics: TopicStatus[];
}

/** Offsets of the flow through Kafka. */
export interface KafkaFlow {
  /** Messages ever published to `weather`. */
  published: number;
  /** Of them, how many the consumer's group has finished with. */
  consumed: number;
  deadLettered: number;
  lag: number;
}

/** Reads the cluster and the flow through its topics. @throws Error where no broker answers. */
export async function kafkaStatus(
  outputs: PipelineOutputs,
): Promise<{ status: KafkaStatus; flow: KafkaFlow }> {
  const { kafka } = outputs;
  const answers = await askAll(kafka.bootstrapServers, 3_000, outputs.kafkaTls);
  const views = answers.flatMap((answer) => ("view" in answer ? [answer.view] : []));
  const [view] = views.filter(({ quorum }) => quorum.leader >= 0);
  if (!view)
    throw new Error(
      `no broker of ${kafka.bootstrapServers.join(", ")} answers: ${answers.flatMap((answer) => ("error" in answer ? [answer.error] : [])).join("; ")}`,
    );

  const admin = deployersKafka(outputs, "weather-status").admin();
  await admin.connect();
  try {
    const names = [...new Set(view.partitions.map(({ topic }) => topic))]
      .filter((topic) => !topic.startsWith("__"))
      .sort();
    // First, so that what is consumed was published, by these figures too.
    const committed = await admin.fetchOffsets({ groupId: kafka.group, topics: ["weather"] });
    const [offsets, configs] = await Promise.all([
      offsetsOfTopics(admin, names),
      admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({
          type: ConfigResourceTypes.TOPIC,
          name,
          configNames: ["min.insync.replicas"],
        })),
      }),
    ]);
    const highs = new Map(
      offsets.map(([name, partitions]) => [name, sum(partitions.map(({ high }) => Number(high)))]),
    );
    const topics = offsets.map(([name, partitions]): TopicStatus => {
      const own = view.partitions.filter(({ topic }) => topic === name);
      const minIsr = configs.resources.find(({ resourceName }) => resourceName === name)?.configEntries[0]
        ?.configValue;
      return {
        name,
        partitions: own.length,
        replicationFactor: own[0]?.replicas.length ?? 0,
        minInsyncReplicas: Number(minIsr ?? 1),
        underReplicated: own.filter(({ replicas, isr }) => isr.length < replicas.length).length,
        messages: sum(partitions.map(({ high, low }) => Number(high) - Number(low))),
      };
    });
    const published = highs.get("weather") ?? 0;
    const consumed = sum((committed[0]?.partitions ?? []).map(({ offset }) => Math.max(0, Number(offset))));
    return {
      status: { brokers: [...view.brokers].sort((a, b) => a - b), leader: view.quorum.leader, topics },
      flow: {
        published,
        consumed,
        deadLettered: highs.get("weather-dlq") ?? 0,
        lag: Math.max(0, published - consumed),
      },
    };
  } finally {
    await admin.disconnect();
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
