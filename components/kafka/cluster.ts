import * as docker from "@pulumi/docker";
import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { type Placement, portFaults, Workload } from "../workload/workload";
import { offsetsPartitions, ownSegmentBytes, retentionCheckMs, segmentBytesFor } from "./disk";
import { QuorumGate, RollGate } from "./gates";

/** Ports of a broker inside the network. CONTROLLER is published nowhere. */
export const brokerPorts = { internal: 9092, controller: 9093 } as const;

/** Folder in the image at which a broker's volume is mounted. */
const dataFolder = "/var/lib/kafka/data";

/** Arguments of a {@link KafkaCluster}. */
export interface KafkaClusterArgs {
  placement: Placement;
  /** Image of every broker. A change replaces the brokers, one after the other. */
  image: pulumi.Input<string>;
  /**
   * How many nodes, each broker and controller. Odd, so that a majority is always clear: 3 survives the loss of one, 5 of two.
   * 1 is for learning only. Default 3.
   */
  brokers?: number;
  /** Port on the machine of broker 1's HOST listener; broker n's is `(n-1) * 10000` higher. Default 19092. */
  firstHostPort?: number;
  /** How long messages are kept where a topic doesn't say. Default `"7 days"`, Kafka's own. */
  retention?: Duration;
  /** Bytes kept per partition where a topic doesn't say, so that a disk can't fill up. Default 1 GiB. */
  retentionBytes?: number;
  /** Replicas of a topic that doesn't say, and of Kafka's internal topics. Default 3, or the number of brokers if that is less. */
  replicationFactor?: number;
  /** Replicas that must have a message before it is acknowledged with acks=all. Default 2, or 1 on a single broker. */
  minInsyncReplicas?: number;
  /** The JVM's heap of each broker, in MiB. Default 512. */
  heapMiB?: number;
  /** Memory limit of each broker's container, in MiB; leave room for the JVM beside the heap. Default twice the heap plus 256. */
  memoryMiB?: number;
  /** How long a deployment waits for the cluster to be ready. Default `"3 minutes"`. */
  readyTimeout?: Duration;
  /** Volumes and topics can't be deleted while this is set. Default false. */
  protect?: boolean;
}

const defaults = {
  brokers: 3,
  firstHostPort: 19_092,
  retention: "7 days",
  retentionBytes: 1_073_741_824,
  heapMiB: 512,
} as const;

/** Port on the machine of each broker's HOST listener, broker 1 first. */
export function hostPorts(args: Pick<KafkaClusterArgs, "brokers" | "firstHostPort">): number[] {
  return Array.from(
    { length: args.brokers ?? defaults.brokers },
    (_, index) => (args.firstHostPort ?? defaults.firstHostPort) + index * 10_000,
  );
}

/** What can be said against a cluster before anything is created. */
export function kafkaClusterFaults(args: Omit<KafkaClusterArgs, "placement" | "image">): Fault[] {
  const faults: Fault[] = [];
  const brokers = args.brokers ?? defaults.brokers;
  const brokersFit = Number.isInteger(brokers) && brokers >= 1 && brokers % 2 === 1 && brokers <= 5;
  if (brokersFit) {
    faults.push(...hostPortFaults(args));
  } else {
    faults.push({
      propertyPath: "brokers",
      reason: `must be 3 or 5 (1 for learning), not ${String(brokers)}: the controllers need a clear majority, and an even number survives no more losses than the odd one below it`,
    });
  }
  const replicationFactor = args.replicationFactor ?? Math.min(3, brokers);
  const replication = {
    replicationFactor,
    minInsyncReplicas: args.minInsyncReplicas ?? Math.min(2, replicationFactor),
  };
  faults.push(
    // What follows from a wrong number of brokers alone isn't the writer's to mend.
    ...replicationFaults(replication, brokers).filter(
      ({ propertyPath }) =>
        brokersFit || args[propertyPath as "replicationFactor" | "minInsyncReplicas"] !== undefined,
    ),
  );
  if (args.retention !== undefined && tryDurationMs(args.retention) === undefined) {
    faults.push({
      propertyPath: "retention",
      reason: `must be ${durationForm}, not ${JSON.stringify(args.retention)}`,
    });
  }
  if (
    args.retentionBytes !== undefined &&
    (!Number.isInteger(args.retentionBytes) || args.retentionBytes < 1_048_576)
  ) {
    faults.push({
      propertyPath: "retentionBytes",
      reason: "must be a whole number of at least 1048576 (1 MiB)",
    });
  }
  const heapMiB = args.heapMiB ?? defaults.heapMiB;
  if (!Number.isInteger(heapMiB) || heapMiB < 128)
    faults.push({ propertyPath: "heapMiB", reason: "must be a whole number of at least 128" });
  else if (args.memoryMiB !== undefined && args.memoryMiB < heapMiB + 128) {
    faults.push({
      propertyPath: "memoryMiB",
      reason: `must leave 128 MiB beside the heap: at least ${heapMiB + 128}`,
    });
  }
  return faults;
}

/** What can be said against the ports of the HOST listeners, which are the same inside the container and on the machine. */
function hostPortFaults(args: Pick<KafkaClusterArgs, "brokers" | "firstHostPort">): Fault[] {
  const propertyPath = "firstHostPort";
  const [first, ...others] = hostPorts(args);
  const outOfRange = portFaults(propertyPath, first);
  if (outOfRange.length > 0) return outOfRange;
  const last = others.at(-1) ?? 0;
  if (last > 65_535) {
    const reason = `must leave room for the brokers after the first, 10000 apart: broker ${others.length + 1} would have ${last}, above 65535`;
    return [{ propertyPath, reason }];
  }
  const own = Object.values(brokerPorts).find((port) => port === first || others.includes(port));
  return own === undefined
    ? []
    : [{ propertyPath, reason: `must not lead to ${own}, where every broker has another listener` }];
}

/** What can be said against replication on so many brokers: shared by the cluster's defaults and each topic. */
export function replicationFaults(
  { replicationFactor, minInsyncReplicas }: { replicationFactor: number; minInsyncReplicas: number },
  brokers: number,
): Fault[] {
  const faults: Fault[] = [];
  if (!Number.isInteger(replicationFactor) || replicationFactor < 1 || replicationFactor > brokers) {
    faults.push({
      propertyPath: "replicationFactor",
      reason: `must be from 1 to the number of brokers (${brokers}), not ${replicationFactor}`,
    });
  }
  if (
    !Number.isInteger(minInsyncReplicas) ||
    minInsyncReplicas < 1 ||
    minInsyncReplicas > replicationFactor
  ) {
    faults.push({
      propertyPath: "minInsyncReplicas",
      reason: `must be from 1 to the replication factor (${replicationFactor}), not ${minInsyncReplicas}: more could never be in sync, and every write would be refused`,
    });
  } else if (replicationFactor > 1 && minInsyncReplicas === replicationFactor) {
    faults.push({
      propertyPath: "minInsyncReplicas",
      reason: `must be below the replication factor (${replicationFactor}), or the loss of one broker stops all writes`,
    });
  }
  return faults;
}

/**
 * A Kafka cluster without ZooKeeper: n nodes, each broker and controller, with static voters.
 *
 * Three listeners apart: INTERNAL for the programs on the network, HOST published for clients on the machine, CONTROLLER for the
 * quorum alone. Auto-create is off, and what replicates by default does so over three brokers. Brokers start side by side; a later
 * change replaces them one after the other, each only once the one before it is back and every partition is whole.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class KafkaCluster extends pulumi.ComponentResource {
  /** For programs on the network: `kafka1:9092`, ... */
  readonly internalBootstrapServers: string[];
  /** For clients on the machine: `127.0.0.1:19092`, ... */
  readonly bootstrapServers: string[];
  /** Number of brokers. */
  readonly brokers: number;
  /** Replication of a topic that doesn't say. */
  readonly replicationFactor: number;
  /** Min ISR of a topic that doesn't say. */
  readonly minInsyncReplicas: number;
  /** Whether topics and volumes are protected. */
  readonly protect: boolean;
  /** The cluster's own id: 22 characters. */
  declare readonly clusterId: pulumi.Output<string>;
  /** Names of the data volumes, broker 1's first. */
  declare readonly volumeNames: pulumi.Output<string>[];
  /** What topics and clients depend on: passes when the quorum has a leader and all brokers are there. */
  readonly ready: QuorumGate;
  /** Provider of topics, ACLs and quotas on this cluster. */
  readonly provider: kafka.Provider;

  constructor(name: string, args: KafkaClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:kafka:KafkaCluster", name, {}, opts);
    throwIfAny(`KafkaCluster ${name}`, kafkaClusterFaults(args));

    const brokers = (this.brokers = args.brokers ?? defaults.brokers);
    const heapMiB = args.heapMiB ?? defaults.heapMiB;
    const readyTimeoutMs = durationMs(args.readyTimeout ?? "3 minutes");
    const address = args.placement.publishAddress ?? "127.0.0.1";
    this.protect = args.protect ?? false;
    this.replicationFactor = args.replicationFactor ?? Math.min(3, brokers);
    this.minInsyncReplicas = args.minInsyncReplicas ?? Math.min(2, this.replicationFactor);

    const nodes = hostPorts(args).map((hostPort, index) => ({
      id: index + 1,
      hostname: `kafka${index + 1}`,
      hostPort,
    }));
    this.bootstrapServers = nodes.map(({ hostPort }) => `${address}:${hostPort}`);
    this.internalBootstrapServers = nodes.map(({ hostname }) => `${hostname}:${brokerPorts.internal}`);

    const idBytes = new random.RandomBytes(`${name}-cluster-id`, { length: 16 }, { parent: this });
    // Kafka takes base64url; an id that begins with a dash reads like an option to its tools.
    this.clusterId = pulumi
      .unsecret(idBytes.base64)
      .apply((base64) =>
        base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "").replace(/^-/, "A"),
      );

    const common = {
      CLUSTER_ID: this.clusterId,
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_CONTROLLER_QUORUM_VOTERS: nodes
        .map(({ id, hostname }) => `${id}@${hostname}:${brokerPorts.controller}`)
        .join(","),
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_INTER_BROKER_LISTENER_NAME: "INTERNAL",
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT",
      KAFKA_LOG_DIRS: `${dataFolder}/logs`,
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "false",
      KAFKA_DEFAULT_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_MIN_INSYNC_REPLICAS: String(this.minInsyncReplicas),
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: String(offsetsPartitions),
      KAFKA_OFFSETS_TOPIC_SEGMENT_BYTES: String(ownSegmentBytes.offsets),
      KAFKA_METADATA_LOG_SEGMENT_BYTES: String(ownSegmentBytes.metadata),
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: String(this.minInsyncReplicas),
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: String(this.minInsyncReplicas),
      KAFKA_LOG_RETENTION_MS: String(durationMs(args.retention ?? defaults.retention)),
      KAFKA_LOG_RETENTION_BYTES: String(args.retentionBytes ?? defaults.retentionBytes),
      KAFKA_LOG_SEGMENT_BYTES: String(segmentBytesFor(args.retentionBytes ?? defaults.retentionBytes)),
      KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS: String(retentionCheckMs),
      // A dead broker is noticed after 4 s instead of 9: shorter pauses, and a shorter time with stale metadata (measured, design.md).
      KAFKA_BROKER_SESSION_TIMEOUT_MS: "4000",
      KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: "1000",
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "500",
      KAFKA_HEAP_OPTS: `-Xms${heapMiB}m -Xmx${heapMiB}m`,
    };

    this.volumeNames = [];
    const incarnations: pulumi.Output<string>[] = [];
    let previous: RollGate | undefined;
    for (const { id, hostname, hostPort } of nodes) {
      const volume = new docker.Volume(
        `${name}-${hostname}-data`,
        { name: `${args.placement.prefix}-${hostname}-data` },
        { parent: this, protect: this.protect },
      );
      const broker = new Workload(
        `${name}-${hostname}`,
        {
          placement: args.placement,
          hostname,
          image: args.image,
          environment: {
            ...common,
            KAFKA_NODE_ID: String(id),
            KAFKA_LISTENERS: `INTERNAL://:${brokerPorts.internal},HOST://:${hostPort},CONTROLLER://:${brokerPorts.controller}`,
            KAFKA_ADVERTISED_LISTENERS: `INTERNAL://${hostname}:${brokerPorts.internal},HOST://${address}:${hostPort}`,
          },
          volumes: [{ volume: volume.name, path: dataFolder }],
          ports: [{ container: hostPort, host: hostPort }],
          probe: { kind: "tcp", port: brokerPorts.internal },
          memoryMiB: args.memoryMiB ?? 2 * heapMiB + 256,
          // To hand over every leader takes a few seconds; killed before that, clients wait for the session to end. A broker that
          // goes when the quorum is lost already (a `destroy`) never finishes, and is killed after this time.
          stopGrace: "30 seconds",
        },
        { parent: this, dependsOn: previous ? [previous] : [] },
      );
      this.volumeNames.push(volume.name);
      incarnations.push(broker.incarnation);
      previous = new RollGate(
        `${name}-${hostname}-roll`,
        { addresses: this.bootstrapServers, incarnations: [broker.incarnation], timeoutMs: readyTimeoutMs },
        { parent: this },
      );
    }

    this.ready = new QuorumGate(
      `${name}-quorum`,
      { addresses: this.bootstrapServers, incarnations, timeoutMs: readyTimeoutMs },
      { parent: this, dependsOn: previous ? [previous] : [] },
    );
    // Every argument is set: what is left out would come from the environment of whoever deploys.
    this.provider = new kafka.Provider(
      `${name}-provider`,
      {
        bootstrapServers: this.bootstrapServers,
        tlsEnabled: false,
        skipTlsVerify: false,
        timeout: 60,
        kafkaVersion: "4.0.0",
      },
      { parent: this, dependsOn: [this.ready] },
    );

    this.registerOutputs({ bootstrapServers: this.bootstrapServers, clusterId: this.clusterId });
  }
}
