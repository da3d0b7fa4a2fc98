import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type CertificateAuthority } from "../certificates/authority";
import { type KafkaAccess, type KafkaClient } from "../kafka/access";
import { type KafkaTopic } from "../kafka/topic";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxConnection } from "../influxdb/connection";
import { InfluxRemote } from "../influxdb/remote";
import { InfluxReplication } from "../influxdb/replication";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { type Placement } from "../workload/placement";
import { Workload } from "../workload/workload";
import { type TelegrafTable, telegrafToml } from "./config";

/** Ports of the bridges inside the network. */
const ports = { listener: 8186, health: 8080 } as const;

const configPath = "/etc/telegraf/telegraf.conf";

/** The user of the official image. */
const telegrafUser = { uid: 999, gid: 999 };

/** Points that may be on their way in one bridge; beyond, InfluxDB's queue on disk and Kafka's log hold the rest. */
const inFlight = 10_000;

/** What both bridges need. */
interface BridgeArgs {
  placement: Placement;
  /** Full name of Telegraf's image, tag included. */
  image: pulumi.Input<string>;
  kafka: KafkaAccess;
  /** Memory limit in MiB. Default 256. */
  memoryMiB?: number;
}

/** Both directions share how often they write, and a probe that fails while what they write to doesn't take it. */
function commonTables(): TelegrafTable[] {
  return [
    {
      name: "agent",
      settings: {
        interval: "1s",
        flush_interval: "200ms",
        metric_batch_size: 1_000,
        metric_buffer_limit: 2 * inFlight,
        omit_hostname: true,
        skip_processors_after_aggregators: true,
        quiet: true,
      },
    },
    {
      name: "outputs.health",
      settings: { service_address: `http://0.0.0.0:${ports.health}`, namepass: ["none"] },
    },
  ];
}

/** A Telegraf with these tables beside the common ones. */
export function bridge(
  name: string,
  args: Pick<BridgeArgs, "placement" | "image" | "memoryMiB">,
  tables: TelegrafTable[],
  files: { path: string; content: pulumi.Input<string> }[],
  parent: pulumi.Resource,
  dependsOn: pulumi.Resource[],
): Workload {
  return new Workload(
    name,
    {
      placement: args.placement,
      hostname: name,
      image: args.image,
      user: telegrafUser,
      command: ["telegraf", "--config", configPath, "--strict-env-handling"],
      // The image's entry point asks for root to set capabilities that no input here needs.
      files: [{ path: configPath, content: telegrafToml([...commonTables(), ...tables]) }, ...files],
      probe: { kind: "http", port: ports.health, path: "/" },
      memoryMiB: args.memoryMiB ?? 256,
    },
    { parent, dependsOn },
  );
}

/** How a plugin of Telegraf's reaches the cluster. */
function kafkaSettings({ brokers, tls }: KafkaClient) {
  return {
    brokers,
    ...(tls && {
      tls_ca: tls.caFile,
      tls_cert: tls.certFile,
      tls_key: tls.keyFile,
      tls_min_version: "TLS12",
    }),
  };
}

/** How Telegraf's outputs.kafka sends the weather: by station, each batch once, acknowledged by every replica in sync. */
export const weatherToKafka = {
  routing_tag: "station",
  required_acks: -1,
  max_retry: 10,
  idempotent_writes: true,
  compression_codec: 0,
  data_format: "influx",
  version: "2.8.0",
} as const;

/** Arguments of {@link InfluxToKafkaBridge}. A change replaces the container, but for `memoryMiB`. */
export interface InfluxToKafkaBridgeArgs extends BridgeArgs {
  /** Signs the certificate of the listener that InfluxDB sends to: the one that the server trusts. Default: plain http. */
  authority?: CertificateAuthority;
  influx: InfluxServer;
  /** Bucket whose new points are bridged. */
  bucket: InfluxBucket;
  /** Its name, known at preview. */
  bucketName: string;
  /** Where they go. */
  topic: KafkaTopic;
}

/**
 * InfluxDB to Kafka: InfluxDB's own edge replication pushes every point of a bucket to Telegraf, which publishes it as line
 * protocol, keyed by its station.
 *
 * At least once: a point waits in InfluxDB's queue on disk until Telegraf has it, and is answered for only up to
 * Telegraf's buffer. Points older than the replication are not sent.
 */
export class InfluxToKafkaBridge extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: InfluxToKafkaBridgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:telegraf:InfluxToKafkaBridge", name, {}, opts);
    const token = new random.RandomPassword(
      `${name}-listener-token`,
      { length: 48, special: false },
      { parent: this },
    );
    const tokenFile = "/run/secrets/listener_token";
    const kafka = args.kafka.clientFor(name);
    const listener = args.authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name] })
      .files("/run/secrets/tls");
    this.workload = bridge(
      name,
      args,
      [
        { name: "secretstores.docker", settings: { id: "files", path: "/run/secrets" } },
        {
          name: "inputs.influxdb_v2_listener",
          settings: {
            service_address: `0.0.0.0:${ports.listener}`,
            token: "@{files:listener_token}",
            max_undelivered_metrics: inFlight,
            parser_type: "upstream",
            ...(listener && {
              tls_cert: listener.paths.certFile,
              tls_key: listener.paths.keyFile,
              tls_min_version: "TLS12",
            }),
          },
        },
        {
          name: "outputs.kafka",
          settings: {
            ...kafkaSettings(kafka),
            topic: args.topic.topicName,
            ...weatherToKafka,
            startup_error_behavior: "retry",
            metric_batch_size: 1_000,
          },
        },
      ],
      [{ path: tokenFile, content: token.result }, ...kafka.files, ...(listener?.files ?? [])],
      this,
      [args.topic],
    );
    const { connection } = args.influx;
    const remote = new InfluxRemote(
      `${name}-remote`,
      {
        connection,
        name,
        url: `${listener ? "https" : "http"}://${name}:${ports.listener}`,
        token: token.result,
        description: "Telegraf, on its way to Kafka",
      },
      { parent: this, dependsOn: [this.workload] },
    );
    new InfluxReplication(
      `${name}-replication`,
      {
        connection,
        name,
        remoteId: remote.remoteId,
        localBucketId: args.bucket.bucketId,
        remoteBucketName: args.bucketName,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** Arguments of {@link KafkaToInfluxBridge}. A change replaces the container, but for `memoryMiB`. */
export interface KafkaToInfluxBridgeArgs extends BridgeArgs {
  influx: InfluxServer;
  topic: KafkaTopic;
  /** Bucket that the points go to: another than the one they came from, or they would go round for ever. */
  bucket: InfluxBucket;
  /** Its name, known at preview. */
  bucketName: string;
}

/** Kafka to InfluxDB: Telegraf reads the topic in a group of its own and writes each point, committing what InfluxDB has taken. */
export class KafkaToInfluxBridge extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: KafkaToInfluxBridgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:telegraf:KafkaToInfluxBridge", name, {}, opts);
    const connection: InfluxConnection = args.influx.connection;
    const kafka = args.kafka.clientFor(name);
    const { caFile } = args.influx.client.connection;
    const token = new InfluxToken(
      `${name}-token`,
      {
        connection,
        description: `${name}: writes ${args.bucketName}`,
        permissions: [{ action: "write", bucket: args.bucket.bucketId }],
      },
      { parent: this },
    );
    this.workload = bridge(
      name,
      args,
      [
        { name: "secretstores.docker", settings: { id: "files", path: "/run/secrets" } },
        {
          name: "inputs.kafka_consumer",
          settings: {
            ...kafkaSettings(kafka),
            topics: [args.topic.topicName],
            consumer_group: name,
            offset: "oldest",
            // The default fails on Kafka 4 (telegraf#17570).
            kafka_version: "2.8.0",
            max_undelivered_messages: inFlight,
            startup_error_behavior: "retry",
            data_format: "influx",
          },
        },
        {
          name: "outputs.influxdb_v2",
          settings: {
            urls: [args.influx.internalUrl],
            token: "@{files:influxdb_token}",
            organization: args.influx.org,
            bucket: args.bucketName,
            ...(caFile !== undefined && { tls_ca: caFile, tls_min_version: "TLS12" }),
            startup_error_behavior: "retry",
          },
        },
      ],
      [
        { path: "/run/secrets/influxdb_token", content: token.token },
        ...kafka.files,
        ...args.influx.client.files,
      ],
      this,
      [args.topic],
    );
    this.registerOutputs({});
  }
}
