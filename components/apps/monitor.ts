import * as pulumi from "@pulumi/pulumi";
import { monitorConfig } from "../../apps/monitor/config";
import { durationMs } from "../duration";
import { type KafkaAccess } from "../kafka/access";
import { type KafkaTopic } from "../kafka/topic";
import { type Settings } from "../settings";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

/** A consumer group, and the topics that it reads. */
export interface WatchedGroup {
  groupId: string;
  /** The topics it reads. */
  topics: string[];
}

/** Arguments of {@link Monitor}. */
export interface MonitorArgs extends AppPlacement {
  kafka: KafkaAccess;
  /** Whose lag is measured. */
  groups: WatchedGroup[];
  /** Whose messages are counted. */
  deadLetterTopics: KafkaTopic[];
  /** A change replaces the container. */
  settings: Pick<Settings["monitor"], "interval">;
}

/**
 * The program that looks at the cluster from outside: brokers, quorum, partitions in trouble, log ends, lag, dead letters, and how
 * full the brokers' disks are. It reads no message and writes nothing; its /metrics is for a `MetricsCollector`.
 */
export class Monitor extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof monitorConfig>;

  constructor(name: string, args: MonitorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:Monitor", name, {}, opts);
    const intervalMs = durationMs(args.settings.interval);
    const { brokers, tls, files } = args.kafka.clientFor(name);
    this.app = new TypeScriptApp(
      name,
      {
        placement: args.placement,
        baseImage: args.baseImage,
        entry: appEntry("monitor"),
        schema: monitorConfig,
        config: {
          kafka: { brokers, tls },
          groups: args.groups,
          deadLetterTopics: args.deadLetterTopics.map(({ topicName }) => topicName),
          intervalMs,
        },
        files,
        memoryMiB: 128,
      },
      { parent: this, dependsOn: args.deadLetterTopics },
    );
    this.registerOutputs({});
  }
}
