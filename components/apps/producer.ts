import * as pulumi from "@pulumi/pulumi";
import { producerConfig } from "../../apps/producer/config";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { type KafkaAccess } from "../kafka/access";
import { type KafkaTopic } from "../kafka/topic";
import { type Settings } from "../settings";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

const tokenFile = "/run/secrets/influxdb-token";

/** Arguments of {@link Producer}. */
export interface ProducerArgs extends AppPlacement {
  influx: InfluxServer;
  /** Where the points come from. */
  bucket: InfluxBucket;
  kafka: KafkaAccess;
  /** Where they go. */
  topic: KafkaTopic;
  /** Where points go that make no message, with the reason. */
  deadLetterTopic: KafkaTopic;
  /** A change replaces the container; it goes on where it stood. */
  settings: Settings["producer"];
}

/** The program that publishes InfluxDB's points to Kafka. Its token reads one bucket and writes nothing. */
export class Producer extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof producerConfig>;

  constructor(name: string, args: ProducerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:Producer", name, {}, opts);
    const { influx, bucket, placement, baseImage } = args;
    const token = new InfluxToken(
      `${name}-token`,
      {
        connection: influx.connection,
        description: `${name}: reads ${influx.bucket}`,
        permissions: [{ action: "read", bucket: bucket.bucketId }],
      },
      { parent: this },
    );
    const { brokers, tls, files } = args.kafka.clientFor(name);
    this.app = new TypeScriptApp(
      name,
      {
        placement,
        baseImage,
        entry: appEntry("producer"),
        schema: producerConfig,
        config: {
          influxdb: { ...influx.client.connection, bucket: influx.bucket, tokenFile },
          kafka: { brokers, tls },
          topic: args.topic.topicName,
          deadLetterTopic: args.deadLetterTopic.topicName,
          pollMs: args.settings.pollMs,
          lateArrivalMs: args.settings.lateArrivalSeconds * 1_000,
        },
        files: [{ path: tokenFile, content: token.token }, ...files, ...influx.client.files],
      },
      { parent: this, dependsOn: [args.topic, args.deadLetterTopic] },
    );
    this.registerOutputs({});
  }
}
