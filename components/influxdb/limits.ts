import * as pulumi from "@pulumi/pulumi";
import { type Duration, durationSeconds } from "../duration";
import { type InfluxConnection } from "./connection";
import { InfluxDeadmanCheck } from "./deadman-check";
import { InfluxThresholdCheck } from "./threshold-check";

/** Arguments of {@link PipelineLimits}. */
export interface PipelineLimitsArgs {
  connection: InfluxConnection;
  /** Name of the bucket that a `MetricsCollector` writes. */
  bucket: pulumi.Input<string>;
  /** Measurement of the figures in it. */
  measurement: string;
  /** How often the checks look: that of the rule which tells of them. Longer than the interval of the figures. */
  every: Duration;
  /** A broker's volume is CRIT when less than so many percent of it are usable. */
  usableDiskPercent: number;
  /** A group is CRIT when it is more than so many messages behind in a partition during all of `every`. */
  lagMessages: number;
  /** The cluster is CRIT when any partition has lacked a replica for so long. */
  underReplicatedFor: Duration;
  /** A dead-letter topic is CRIT when it took more messages in a minute. */
  deadLettersPerMinute: number;
}

/** When the monitor's silence is reported. */
const silentAfter: Duration = "1 minute";

/** When a silent figure is given up, such as the disk of a broker that was taken away. */
const forgottenAfter: Duration = "1 day";

/**
 * Checks on the pipeline's own limits: disk, lag, replication, dead letters, and whether anybody is looking at all. Their statuses are
 * found by the rule of `WeatherAlerts`, which tells the consumer of every CRIT.
 */
export class PipelineLimits extends pulumi.ComponentResource {
  constructor(name: string, args: PipelineLimitsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:influxdb:PipelineLimits", name, {}, opts);
    const parent = { parent: this };
    const { connection, bucket, measurement, every } = args;
    const watched = { connection, bucket, measurement, every };

    const disk = "weather_kafka_disk_usable_percent";
    new InfluxThresholdCheck(
      `${name}-disk`,
      {
        ...watched,
        name: "disk almost full",
        field: disk,
        aggregate: "max",
        thresholds: [{ level: "CRIT", below: args.usableDiskPercent }],
        statusMessageTemplate: `broker \${r.broker}: \${string(v: r.${disk})} % of its disk usable is \${r._level}`,
      },
      parent,
    );
    const lag = "weather_kafka_group_lag";
    new InfluxThresholdCheck(
      `${name}-lag`,
      {
        ...watched,
        name: "lag",
        field: lag,
        aggregate: "min",
        thresholds: [{ level: "CRIT", above: args.lagMessages }],
        statusMessageTemplate: `\${r.group} is \${string(v: r.${lag})} messages behind in \${r.topic}-\${r.partition}: \${r._level}`,
      },
      parent,
    );
    const notWhole = "weather_kafka_under_replicated_seconds";
    new InfluxThresholdCheck(
      `${name}-under-replicated`,
      {
        ...watched,
        name: "under-replicated",
        field: notWhole,
        aggregate: "last",
        thresholds: [{ level: "CRIT", above: durationSeconds(args.underReplicatedFor) }],
        statusMessageTemplate: `partitions have lacked replicas for \${string(v: r.${notWhole})} s: \${r._level}`,
      },
      parent,
    );
    const dead = "weather_kafka_recent_dead_letters";
    new InfluxThresholdCheck(
      `${name}-dead-letters`,
      {
        ...watched,
        name: "dead letters",
        field: dead,
        aggregate: "max",
        thresholds: [{ level: "CRIT", above: args.deadLettersPerMinute }],
        statusMessageTemplate: `\${r.topic} took \${string(v: r.${dead})} messages in a minute: \${r._level}`,
      },
      parent,
    );
    new InfluxDeadmanCheck(
      `${name}-monitor`,
      {
        ...watched,
        name: "monitor silent",
        field: "weather_kafka_brokers",
        timeSince: silentAfter,
        staleTime: forgottenAfter,
        statusMessageTemplate: "nobody looks at Kafka: ${r._level}",
      },
      parent,
    );
    this.registerOutputs({});
  }
}
