import * as pulumi from "@pulumi/pulumi";
import { type Duration, durationMs } from "../duration";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { type Placement } from "../workload/placement";
import { type Workload } from "../workload/workload";
import { bridge as telegrafWorkload } from "./bridge";

/** Measurement of all figures in the bucket; each is a field of its own, its labels are tags. */
export const metricsMeasurement = "pipeline";

/** Bucket that the figures of the pipeline itself go to. */
export const metricsBucketName = "pipeline";

/** Arguments of {@link MetricsCollector}. A change replaces the container, but for `memoryMiB`. */
export interface MetricsCollectorArgs {
  placement: Placement;
  /** Full name of Telegraf's image, tag included. */
  image: pulumi.Input<string>;
  influx: InfluxServer;
  /** Bucket that the figures go to: the token writes there and nowhere else. */
  bucket: InfluxBucket;
  /** Its name, known at preview. */
  bucketName: string;
  /** Addresses of /metrics on the network. */
  urls: string[];
  /** Time from one reading to the next. */
  interval: Duration;
  /** Memory limit in MiB. Default 128. */
  memoryMiB?: number;
}

/**
 * Telegraf that reads the programs' /metrics and writes them to a bucket: what dashboards show, and checks judge.
 *
 * While InfluxDB is away it holds 20,000 lines, some minutes' worth; the oldest go first.
 */
export class MetricsCollector extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: MetricsCollectorArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:telegraf:MetricsCollector", name, {}, opts);
    const token = new InfluxToken(
      `${name}-token`,
      {
        connection: args.influx.connection,
        description: `${name}: writes ${args.bucketName}`,
        permissions: [{ action: "write", bucket: args.bucket.bucketId }],
      },
      { parent: this },
    );
    // The programs' pages and InfluxDB have their certificates of one authority.
    const { caFile } = args.influx.client.connection;
    const trust = caFile !== undefined && { tls_ca: caFile, tls_min_version: "TLS12" };
    this.workload = telegrafWorkload(
      name,
      { ...args, memoryMiB: args.memoryMiB ?? 128 },
      [
        { name: "secretstores.docker", settings: { id: "files", path: "/run/secrets" } },
        {
          name: "inputs.prometheus",
          settings: {
            urls: args.urls,
            interval: `${durationMs(args.interval)}ms`,
            timeout: "2s",
            // Each figure as a field of one measurement, without the address of whoever told it: names are unique already.
            metric_version: 2,
            name_override: metricsMeasurement,
            url_tag: "",
            ...trust,
          },
        },
        {
          name: "outputs.influxdb_v2",
          settings: {
            urls: [args.influx.internalUrl],
            token: "@{files:influxdb_token}",
            organization: args.influx.org,
            bucket: args.bucketName,
            startup_error_behavior: "retry",
            ...trust,
          },
        },
      ],
      [{ path: "/run/secrets/influxdb_token", content: token.token }, ...args.influx.client.files],
      this,
      [],
    );
    this.registerOutputs({});
  }
}
