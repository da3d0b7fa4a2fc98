import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { consumerConfig } from "../../apps/consumer/config";
import { type KafkaTopic } from "../kafka/topic";
import { type Settings } from "../settings";
import { livePage } from "./live-page";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

/** Port of the pages and the webhook inside the network. */
const consumerPort = 8080;

const tokenFile = "/run/secrets/webhook-token";

/** Arguments of {@link Consumer}. */
export interface ConsumerArgs extends AppPlacement {
  /** `host:port` of every broker, as seen on the network. */
  brokers: string[];
  /** Consumer group in Kafka. A change reads the topic anew, from its beginning. */
  groupId: string;
  topic: KafkaTopic;
  deadLetterTopic: KafkaTopic;
  alertsTopic: KafkaTopic;
  settings: Settings["consumer"];
}

/** The program that analyses the weather as it comes, shows it on a live page, and takes InfluxDB's alerts at a webhook behind a bearer token. */
export class Consumer extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof consumerConfig>;
  /** Address of the webhook on the network. */
  readonly webhookUrl: string;
  /** Bearer token of the webhook: a secret. */
  declare readonly webhookToken: pulumi.Output<string>;
  /** Address of the live page on the machine; /healthz, /metrics and /state stand beside it. */
  readonly url: string;

  constructor(name: string, args: ConsumerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:Consumer", name, {}, opts);
    const { placement, baseImage, settings } = args;
    const token = new random.RandomPassword(
      `${name}-webhook-token`,
      { length: 48, special: false },
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
          kafka: { brokers: args.brokers },
          groupId: args.groupId,
          topic: args.topic.topicName,
          deadLetterTopic: args.deadLetterTopic.topicName,
          statistics: { anomalyDeviations: settings.anomalyDeviations },
          alerts: { tokenFile, topic: args.alertsTopic.topicName },
          http: { port: consumerPort },
        },
        files: [{ path: tokenFile, content: token.result }],
        ports: [{ container: consumerPort, host: settings.hostPort }],
      },
      { parent: this, dependsOn: [args.topic, args.deadLetterTopic, args.alertsTopic] },
    );
    this.webhookUrl = `http://${this.app.workload.hostname}:${consumerPort}/alerts`;
    this.webhookToken = pulumi.secret(token.result);
    this.url = `http://${placement.publishAddress ?? "127.0.0.1"}:${settings.hostPort}`;
    this.registerOutputs({ url: this.url });
  }
}
