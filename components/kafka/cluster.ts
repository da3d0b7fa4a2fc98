import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type CertificateAuthority } from "../certificates/authority";
import { type PemIdentity } from "../certificates/certificate";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { dataVolume, type Placement, publishedAddress } from "../workload/placement";
import { portFaults, Workload } from "../workload/workload";
import { type KafkaAccess, kafkaAccess } from "./access";
import { offsetsPartitions, ownSegmentBytes, retentionCheckMs, segmentBytesFor } from "./disk";
import { QuorumGate, RollGate } from "./gates";

/** Ports of a broker inside the network. CONTROLLER is published nowhere. */
export const brokerPorts = { internal: 9092, controller: 9093 } as const;

/** Folder in the image at which a broker's volume is mounted. */
const dataFolder = "/var/lib/kafka/data";

/** The image's own user. */
const kafkaUser = { uid: 1000, gid: 1000 };

/** Where a broker finds its certificate, with the key first, and whom it trusts. */
const secretFiles = {
  identity: "/etc/kafka/secrets/broker.pem",
  trust: "/etc/kafka/secrets/ca.pem",
} as const;

/** Common name of whoever deploys: a super user, as the brokers are. */
export const deployerName = "deployer";

/** Who the brokers are to each other, whichever of them it is. */
const brokersName = "broker";

/**
 * Arguments of a {@link KafkaCluster}. Where nothing else is said, a change replaces the brokers, one after the other, each once every
 * replica is in sync; volumes stay.
 */
export interface KafkaClusterArgs {
  placement: Placement;
  /**
   * With an authority every listener is TLS and wants a certificate of it, and what no ACL allows is refused; without one all is
   * plaintext and open, which is for a machine of one's own. Going from one to the other needs all brokers at once: not by a roll.
   */
  authority?: CertificateAuthority;
  /** Full name of the brokers' image, tag included. */
  image: pulumi.Input<string>;
  /** How many nodes, up to 5: 3 survive the loss of one, 1 is for learning only. More can be added to a running cluster. Default 3. */
  brokers?: number;
  /**
   * How many of the nodes are controllers too, the first ones. Odd, so that a majority is always clear. The voters are static: the number
   * can't be changed while the cluster lives. Default 3, or 1 on fewer than three brokers.
   */
  controllers?: number;
  /** Port on the machine of broker 1's HOST listener; broker n's is `(n-1) * 10000` higher. Default 19092. */
  firstHostPort?: number;
  /** How long messages are kept where a topic doesn't say. Default `"7 days"`, Kafka's own. */
  retention?: Duration;
  /** Bytes kept per partition where a topic doesn't say, so that a disk can't fill up. Default 1 GiB. */
  retentionBytes?: number;
  /**
   * Replicas of a topic that doesn't say, and of Kafka's internal topics. Default 3, or the number of brokers if that is less.
   * After a change, topics that are there already keep what they have, but for those declared as a {@link KafkaTopic}.
   */
  replicationFactor?: number;
  /**
   * Replicas that must have a message before it is acknowledged with acks=all. Default 2, or 1 on a single broker. Kafka 4.1
   * and later keep the cluster's first value for topics that don't say; a {@link KafkaTopic} does.
   */
  minInsyncReplicas?: number;
  /** The JVM's heap of each broker, in MiB. Default 512. */
  heapMiB?: number;
  /** Memory limit of each broker's container, in MiB; leave room for the JVM beside the heap. Default twice the heap plus 256. */
  memoryMiB?: number;
  /** How long a deployment waits for the cluster to be ready. Default `"3 minutes"`. A change touches no broker. */
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

/** How many of the nodes are controllers. */
export function controllerCount({
  brokers,
  controllers,
}: Pick<KafkaClusterArgs, "brokers" | "controllers">): number {
  return controllers ?? ((brokers ?? defaults.brokers) >= 3 ? 3 : 1);
}

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
  const brokersFit = Number.isInteger(brokers) && brokers >= 1 && brokers !== 2 && brokers <= 5;
  if (brokersFit) {
    faults.push(...hostPortFaults(args));
  } else {
    faults.push({
      propertyPath: "brokers",
      reason: `must be from 3 to 5 (1 for learning), not ${String(brokers)}: two survive no more losses than one`,
    });
  }
  const controllers = controllerCount(args);
  if (
    args.controllers !== undefined &&
    !([1, 3, 5].includes(controllers) && (!brokersFit || controllers <= brokers))
  ) {
    faults.push({
      propertyPath: "controllers",
      reason: `must be 3 or 5 (1 for learning), and no more than the brokers (${brokers}), not ${String(controllers)}: the controllers need a clear majority`,
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

function listenersAs(protocol: "PLAINTEXT" | "SSL"): string {
  return ["INTERNAL", "HOST", "CONTROLLER"].map((listener) => `${listener}:${protocol}`).join(",");
}

/** Every listener TLS with a certificate on both sides, a client known by its common name, and nothing allowed that no ACL allows. */
function mutualTls({ organization }: CertificateAuthority): Record<string, string> {
  return {
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: listenersAs("SSL"),
    KAFKA_SSL_CLIENT_AUTH: "required",
    KAFKA_SSL_PROTOCOL: "TLSv1.3",
    KAFKA_SSL_ENABLED_PROTOCOLS: "TLSv1.3,TLSv1.2",
    KAFKA_SSL_KEYSTORE_TYPE: "PEM",
    KAFKA_SSL_KEYSTORE_LOCATION: secretFiles.identity,
    KAFKA_SSL_TRUSTSTORE_TYPE: "PEM",
    KAFKA_SSL_TRUSTSTORE_LOCATION: secretFiles.trust,
    // Without DEFAULT behind it: a certificate of another form, such as the authority's for another environment, is nobody here.
    // One name for all brokers: were each a super user by its own, those that are there couldn't let a new one in.
    KAFKA_SSL_PRINCIPAL_MAPPING_RULES: [
      `RULE:^CN=kafka[0-9]+,O=${organization}$/${brokersName}/`,
      `RULE:^CN=([a-z0-9-]+),O=${organization}$/$1/`,
    ].join(","),
    KAFKA_AUTHORIZER_CLASS_NAME: "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: "false",
    KAFKA_SUPER_USERS: `User:${brokersName};User:${deployerName}`,
  };
}

/** Provider of topics, ACLs and quotas. Every argument is set: what is left out would come from the environment of whoever deploys. */
export function kafkaProvider(
  name: string,
  bootstrapServers: string[],
  tls: pulumi.Output<PemIdentity> | undefined,
  opts: pulumi.ResourceOptions,
): kafka.Provider {
  return new kafka.Provider(
    name,
    {
      bootstrapServers,
      ...(tls && { caCert: tls.ca, clientCert: tls.cert, clientKey: tls.key }),
      tlsEnabled: tls !== undefined,
      skipTlsVerify: false,
      timeout: 60,
      kafkaVersion: "4.0.0",
    },
    opts,
  );
}

/**
 * A Kafka cluster without ZooKeeper: n brokers, of which the first are controllers too, with static voters.
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
  /** How programs on the network connect. */
  readonly access: KafkaAccess;
  /** The deployer's certificate, a secret; undefined where the cluster is plaintext. */
  readonly deployersTls: pulumi.Output<PemIdentity> | undefined;

  constructor(name: string, args: KafkaClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:kafka:KafkaCluster", name, {}, opts);
    throwIfAny(`KafkaCluster ${name}`, kafkaClusterFaults(args));

    const brokers = (this.brokers = args.brokers ?? defaults.brokers);
    const heapMiB = args.heapMiB ?? defaults.heapMiB;
    const readyTimeoutMs = durationMs(args.readyTimeout ?? "3 minutes");
    this.protect = args.protect ?? false;
    this.replicationFactor = args.replicationFactor ?? Math.min(3, brokers);
    this.minInsyncReplicas = args.minInsyncReplicas ?? Math.min(2, this.replicationFactor);

    const nodes = hostPorts(args).map((hostPort, index) => ({
      id: index + 1,
      hostname: `kafka${index + 1}`,
      address: publishedAddress(args.placement, index + 1),
      hostPort,
      isController: index < controllerCount(args),
    }));
    this.bootstrapServers = nodes.map(({ address, hostPort }) => `${address}:${hostPort}`);
    this.internalBootstrapServers = nodes.map(({ hostname }) => `${hostname}:${brokerPorts.internal}`);

    const { authority } = args;
    this.access = kafkaAccess(this.internalBootstrapServers, authority);
    this.deployersTls = authority?.issue(`${name}-deployer`, deployerName, { kind: "client" }).identity();
    const tls = this.deployersTls;

    const idBytes = new random.RandomBytes(`${name}-cluster-id`, { length: 16 }, { parent: this });
    // Kafka takes base64url; an id that begins with a dash reads like an option to its tools.
    this.clusterId = pulumi
      .unsecret(idBytes.base64)
      .apply((base64) =>
        base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "").replace(/^-/, "A"),
      );

    const common = {
      CLUSTER_ID: this.clusterId,
      KAFKA_CONTROLLER_QUORUM_VOTERS: nodes
        .filter(({ isController }) => isController)
        .map(({ id, hostname }) => `${id}@${hostname}:${brokerPorts.controller}`)
        .join(","),
      KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
      KAFKA_INTER_BROKER_LISTENER_NAME: "INTERNAL",
      ...(authority
        ? mutualTls(authority)
        : { KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: listenersAs("PLAINTEXT") }),
      KAFKA_LOG_DIRS: `${dataFolder}/logs`,
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE: "false",
      KAFKA_DEFAULT_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_MIN_INSYNC_REPLICAS: String(this.minInsyncReplicas),
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(this.replicationFactor),
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: String(offsetsPartitions),
      KAFKA_OFFSETS_TOPIC_SEGMENT_BYTES: String(ownSegmentBytes.offsets),
      // Longer than any topic is kept: else a group that was away for Kafka's 7 days would forget how far it was.
      KAFKA_OFFSETS_RETENTION_MINUTES: String(durationMs("45 days") / 60_000),
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
      // The native code of a record's compression is unpacked and started there, which /tmp doesn't allow.
      KAFKA_OPTS: `-Djava.io.tmpdir=${dataFolder}`,
      // The image's own scripts log there, besides what goes to the console: once /tmp is full, no more.
      LOG_DIR: "/tmp/logs",
      KAFKA_HEAP_OPTS: `-Xms${heapMiB}m -Xmx${heapMiB}m`,
    };

    this.volumeNames = [];
    const incarnations: pulumi.Output<string>[] = [];
    let previous: RollGate | undefined;
    for (const { id, hostname, address, hostPort, isController } of nodes) {
      const listeners = [`INTERNAL://:${brokerPorts.internal}`, `HOST://:${hostPort}`];
      if (isController) listeners.push(`CONTROLLER://:${brokerPorts.controller}`);
      const volume = dataVolume(`${name}-${hostname}-data`, args.placement, `${hostname}-data`, {
        parent: this,
        protect: this.protect,
      });
      const certificate = authority?.issue(hostname, hostname, {
        kind: "peer",
        hosts: [hostname, "localhost", "127.0.0.1", address],
      });
      const broker = new Workload(
        `${name}-${hostname}`,
        {
          placement: args.placement,
          hostname,
          image: args.image,
          environment: {
            ...common,
            KAFKA_NODE_ID: String(id),
            KAFKA_PROCESS_ROLES: isController ? "broker,controller" : "broker",
            KAFKA_LISTENERS: listeners.join(","),
            KAFKA_ADVERTISED_LISTENERS: `INTERNAL://${hostname}:${brokerPorts.internal},HOST://${address}:${hostPort}`,
          },
          ...(authority &&
            certificate && {
              files: [
                {
                  path: secretFiles.identity,
                  content: certificate.joinedPem(),
                },
                { path: secretFiles.trust, content: authority.trustPem },
              ],
            }),
          node: id,
          volumes: [{ volume, path: dataFolder }],
          user: kafkaUser,
          scratch: ["/opt/kafka/config"],
          ports: [{ container: hostPort, host: hostPort }],
          probe: { kind: "tcp", port: brokerPorts.internal },
          // Open before the quorum is: a broker that a Swarm hid until then could never be found by the others.
          ...(isController && { liveness: { kind: "tcp", port: brokerPorts.controller } }),
          memoryMiB: args.memoryMiB ?? 2 * heapMiB + 256,
          // To hand over every leader takes a few seconds; killed before that, clients wait for the session to end. A broker that
          // goes when the quorum is lost already (a `destroy`) never finishes, and is killed after this time.
          stopGrace: "30 seconds",
        },
        { parent: this, dependsOn: previous ? [previous] : [] },
      );
      this.volumeNames.push(volume);
      incarnations.push(broker.incarnation);
      previous = new RollGate(
        `${name}-${hostname}-roll`,
        {
          addresses: this.bootstrapServers,
          incarnations: [broker.incarnation],
          timeoutMs: readyTimeoutMs,
          ...(tls && { tls }),
        },
        { parent: this },
      );
    }

    this.ready = new QuorumGate(
      `${name}-quorum`,
      { addresses: this.bootstrapServers, incarnations, timeoutMs: readyTimeoutMs, ...(tls && { tls }) },
      { parent: this, dependsOn: previous ? [previous] : [] },
    );
    this.provider = kafkaProvider(`${name}-provider`, this.bootstrapServers, tls, {
      parent: this,
      dependsOn: [this.ready],
    });

    this.registerOutputs({ bootstrapServers: this.bootstrapServers, clusterId: this.clusterId });
  }
}
