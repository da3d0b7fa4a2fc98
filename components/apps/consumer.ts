import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { consumerConfig } from "../../apps/consumer/config";
import { type CertificateAuthority } from "../certificates/authority";
import { type KafkaAccess } from "../kafka/access";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { type KafkaTopic } from "../kafka/topic";
import { type Settings } from "../settings";
import { livePage } from "./live-page";
import { isLoopbackOnly, publishedAddress } from "../workload/placement";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

/** Port of the pages and the webhook inside the network. */
const consumerPort = 8080;

const tokenFile = "/run/secrets/webhook-token";
const influxTokenFile = "/run/secrets/influxdb-token";
const passwordFile = "/run/secrets/page-password";

/** Arguments of {@link Consumer}. */
export interface ConsumerArgs extends AppPlacement {
  kafka: KafkaAccess;
  /** Signs the certificate of the pages and the webhook: the one that InfluxDB trusts. Default: plain http. */
  authority?: CertificateAuthority;
  /** Consumer group in Kafka. A change reads the topic anew, from its beginning. */
  groupId: string;
  influx: InfluxServer;
  /** Where anomalies are written. */
  bucket: InfluxBucket;
  /** Its name, known at preview. */
  bucketName: string;
  /** What is analysed. */
  topic: KafkaTopic;
  /** What waits there is an effect that could not be done yet. */
  retryTopic: KafkaTopic;
  /** Where messages go that can't be used, with the reason. */
  deadLetterTopic: KafkaTopic;
  /** Where the alerts go that InfluxDB posts. */
  alertsTopic: KafkaTopic;
  /** A change replaces the container; it goes on where it stood. */
  settings: Settings["consumer"];
}

/**
 * The program that analyses the weather as it comes, shows it on a live page, writes what it finds into a bucket of its own, and takes InfluxDB's alerts at
 * a webhook behind a bearer token. Published elsewhere than on loopback, the page asks for a login. Its InfluxDB token writes that bucket and reads nothing.
 */
export class Consumer extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof consumerConfig>;
  /** Address of the webhook on the network. */
  readonly webhookUrl: string;
  /** Bearer token of the webhook: a secret. */
  declare readonly webhookToken: pulumi.Output<string>;
  /** Address of the live page on the machine; /healthz, /metrics and /state stand beside it. */
  readonly url: string;
  /** Of the page's user `weather`, a secret; undefined where the page asks for none, since it's published on loopback alone. */
  readonly password: pulumi.Output<string> | undefined;

  constructor(name: string, args: ConsumerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:Consumer", name, {}, opts);
    const { placement, baseImage, settings, influx, bucket } = args;
    const token = new random.RandomPassword(
      `${name}-webhook-token`,
      { length: 48, special: false },
      { parent: this },
    );
    const password = isLoopbackOnly(placement)
      ? undefined
      : new random.RandomPassword(`${name}-page-password`, { length: 32, special: false }, { parent: this });
    const { brokers, tls, files } = args.kafka.clientFor(name);
    const address = publishedAddress(placement);
    const page = args.authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name, "localhost", "127.0.0.1", address] })
      .files("/run/secrets/tls");
    const scheme = page ? "https" : "http";
    const influxToken = new InfluxToken(
      `${name}-token`,
      {
        connection: influx.connection,
        description: `${name}: writes ${args.bucketName}`,
        permissions: [{ action: "write", bucket: bucket.bucketId }],
      },
      { parent: this },
    );
    this.app = new TypeScriptApp(
      name,
      {
        placement,
        baseImage,
        entry: appEntry("consumer"),
        texts: { LIVE_PAGE: livePage() },
        schema: consumerConfig,
        config: {
          kafka: { brokers, tls },
          groupId: args.groupId,
          topic: args.topic.topicName,
          retryTopic: args.retryTopic.topicName,
          deadLetterTopic: args.deadLetterTopic.topicName,
          anomalies: {
            influxdb: {
              ...influx.client.connection,
              bucket: args.bucketName,
              tokenFile: influxTokenFile,
            },
          },
          statistics: { anomalyDeviations: settings.anomalyDeviations },
          alerts: { tokenFile, topic: args.alertsTopic.topicName },
          ...(password && { login: { passwordFile } }),
          http: {
            port: consumerPort,
            tls: page && { certFile: page.paths.certFile, keyFile: page.paths.keyFile },
          },
        },
        files: [
          { path: tokenFile, content: token.result },
          { path: influxTokenFile, content: influxToken.token },
          ...(password ? [{ path: passwordFile, content: password.result }] : []),
          ...influx.client.files,
          ...files,
          ...(page?.files ?? []),
        ],
        healthScheme: scheme,
        ports: [{ container: consumerPort, host: settings.hostPort }],
      },
      { parent: this, dependsOn: [args.topic, args.retryTopic, args.deadLetterTopic, args.alertsTopic] },
    );
    this.webhookUrl = `${scheme}://${this.app.workload.hostname}:${consumerPort}/alerts`;
    this.webhookToken = pulumi.secret(token.result);
    this.password = password && pulumi.secret(password.result);
    this.url = `${scheme}://${address}:${settings.hostPort}`;
    this.registerOutputs({ url: this.url });
  }
}
