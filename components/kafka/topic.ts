import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { replicationFaults } from "./cluster";
import { segmentBytesFor } from "./disk";

/** How a topic's old messages go: by age and size, or all but the newest of each key. */
export type Cleanup =
  | { policy: "delete"; retention?: Duration; retentionBytes?: number }
  | { policy: "compact"; minCompactionLag?: Duration };

/** Codecs of Kafka. `producer` keeps what the producer chose. */
export const compressions = ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"] as const;

/** What describes a topic, apart from the cluster that holds it. */
export interface TopicSettings {
  /** Name in Kafka. A change replaces the topic, with all its messages. */
  name: string;
  /** How many partitions: more can be added in place (keys then move to other partitions); fewer replaces the topic, with all its messages. Default 4. */
  partitions?: number;
  /** Replicas of each partition. Changed in place. Default: the cluster's. */
  replicationFactor?: number;
  /** Replicas that must have a message before it is acknowledged with acks=all. Changed in place. Default: the cluster's. */
  minInsyncReplicas?: number;
  /** What becomes of old messages. Changed in place. Default `{ policy: "delete" }`, after 7 days. */
  cleanup?: Cleanup;
  /** How brokers keep messages. Changed in place. Default `"producer"`: as they come. */
  compression?: (typeof compressions)[number];
  /** Largest batch of messages a broker takes, in bytes. Changed in place. Default 1048588, Kafka's own. */
  maxMessageBytes?: number;
}

/** What a topic needs of its cluster: a `KafkaCluster` of the same program, or a `KafkaClusterReference` to another stack's. */
export interface TopicCluster {
  /** How many there are: no topic has more replicas. */
  readonly brokers: number;
  /** Of a topic that doesn't say. */
  readonly replicationFactor: number;
  /** Of a topic that doesn't say. */
  readonly minInsyncReplicas: number;
  /** Whether its topics can't be deleted. */
  readonly protect: boolean;
  /** By which topics are declared. */
  readonly provider: kafka.Provider;
  /** What a topic waits for. */
  readonly ready: pulumi.Resource;
}

/** Arguments of a {@link KafkaTopic}. */
export interface KafkaTopicArgs extends TopicSettings {
  /** The cluster it is on, deployed by this stack or by another. */
  cluster: TopicCluster;
}

/** What can be said against a topic on a cluster of so many brokers before anything is created. */
export function topicFaults(
  args: TopicSettings,
  cluster: { brokers: number; replicationFactor: number; minInsyncReplicas: number },
): Fault[] {
  const faults: Fault[] = [];
  // Kafka's own rule, org.apache.kafka.common.internals.Topic; dots and underscores collide in metric names, so one of them is left out.
  if (!/^[a-zA-Z0-9_-]{1,249}$/.test(args.name)) {
    faults.push({
      propertyPath: "name",
      reason: `must be 1 to 249 letters, digits, dashes and underscores, not ${JSON.stringify(args.name)}`,
    });
  }
  const partitions = args.partitions ?? 4;
  if (!Number.isInteger(partitions) || partitions < 1) {
    faults.push({
      propertyPath: "partitions",
      reason: `must be a whole number of at least 1, not ${String(partitions)}`,
    });
  }
  const replicationFactor = args.replicationFactor ?? cluster.replicationFactor;
  faults.push(
    ...replicationFaults(
      { replicationFactor, minInsyncReplicas: args.minInsyncReplicas ?? cluster.minInsyncReplicas },
      cluster.brokers,
    ),
  );
  const { cleanup } = args;
  const length = cleanup?.policy === "delete" ? cleanup.retention : cleanup?.minCompactionLag;
  if (length !== undefined && tryDurationMs(length) === undefined) {
    const propertyPath = cleanup?.policy === "delete" ? "cleanup.retention" : "cleanup.minCompactionLag";
    faults.push({ propertyPath, reason: `must be ${durationForm}, not ${JSON.stringify(length)}` });
  }
  if (
    cleanup?.policy === "delete" &&
    cleanup.retentionBytes !== undefined &&
    cleanup.retentionBytes < 1_048_576
  ) {
    faults.push({ propertyPath: "cleanup.retentionBytes", reason: "must be at least 1048576 (1 MiB)" });
  }
  if (
    args.maxMessageBytes !== undefined &&
    (!Number.isInteger(args.maxMessageBytes) || args.maxMessageBytes < 1_024)
  ) {
    faults.push({ propertyPath: "maxMessageBytes", reason: "must be a whole number of at least 1024" });
  }
  return faults;
}

/** The settings as Kafka's topic configuration. All values that matter are written out, so that a drift of any is seen. */
export function topicConfig(args: TopicSettings, minInsyncReplicas: number): Record<string, string> {
  const cleanup = args.cleanup ?? { policy: "delete" };
  return {
    "cleanup.policy": cleanup.policy,
    "min.insync.replicas": String(minInsyncReplicas),
    "compression.type": args.compression ?? "producer",
    "max.message.bytes": String(args.maxMessageBytes ?? 1_048_588),
    ...(cleanup.policy === "delete" && {
      "retention.ms": String(durationMs(cleanup.retention ?? "7 days")),
      ...(cleanup.retentionBytes !== undefined && {
        "retention.bytes": String(cleanup.retentionBytes),
        "segment.bytes": String(segmentBytesFor(cleanup.retentionBytes)),
      }),
    }),
    ...(cleanup.policy === "compact" &&
      cleanup.minCompactionLag !== undefined && {
        "min.compaction.lag.ms": String(durationMs(cleanup.minCompactionLag)),
      }),
  };
}

/**
 * A topic, created once the brokers are ready.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class KafkaTopic extends pulumi.ComponentResource {
  /** Name in Kafka, known at preview. */
  readonly topicName: string;
  /** The topic itself. */
  readonly topic: kafka.Topic;

  constructor(name: string, args: KafkaTopicArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:kafka:KafkaTopic", name, {}, opts);
    throwIfAny(`KafkaTopic ${name}`, topicFaults(args, args.cluster));
    this.topicName = args.name;
    this.topic = new kafka.Topic(
      `${name}-topic`,
      {
        name: args.name,
        partitions: args.partitions ?? 4,
        replicationFactor: args.replicationFactor ?? args.cluster.replicationFactor,
        config: topicConfig(args, args.minInsyncReplicas ?? args.cluster.minInsyncReplicas),
      },
      {
        parent: this,
        provider: args.cluster.provider,
        dependsOn: [args.cluster.ready],
        protect: args.cluster.protect,
      },
    );
    this.registerOutputs({ topicName: this.topicName });
  }
}
