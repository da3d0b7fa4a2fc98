import * as fs from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { injectConfig } from "../../apps/inject/config";
import { normalsFile } from "../../apps/inject/normals-file";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { type Settings } from "../settings";
import { dataVolume } from "../workload/placement";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

const tokenFile = "/run/secrets/influxdb-token";
const spoolFolder = "/var/lib/weather";

/** Arguments of {@link Inject}. */
export interface InjectArgs extends AppPlacement {
  influx: InfluxServer;
  /** Where the weather goes. */
  bucket: InfluxBucket;
  /** A change replaces the container. */
  settings: Settings["inject"];
}

/**
 * The program that writes the weather into InfluxDB, simulated or replayed. Its token writes one bucket and reads nothing; what
 * InfluxDB can't take for a while waits on a volume.
 */
export class Inject extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof injectConfig>;

  constructor(name: string, args: InjectArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:Inject", name, {}, opts);
    const { influx, bucket, placement, baseImage } = args;
    const { source, seed, stations, pointsPerSecond, hoursPerMinute } = args.settings;
    const token = new InfluxToken(
      `${name}-token`,
      {
        connection: influx.connection,
        description: `${name}: writes ${influx.bucket}`,
        permissions: [{ action: "write", bucket: bucket.bucketId }],
      },
      { parent: this },
    );
    const spool = dataVolume(`${name}-spool`, placement, `${name}-spool`, { parent: this });
    this.app = new TypeScriptApp(
      name,
      {
        placement,
        baseImage,
        entry: appEntry("inject"),
        texts: { SEATTLE_HOURLY_NORMALS: fs.readFileSync(normalsFile(), "utf8") },
        schema: injectConfig,
        config: {
          source:
            source === "simulate"
              ? { kind: source, seed, stations, pointsPerSecond }
              : { kind: source, simulatedHoursPerMinute: hoursPerMinute },
          influxdb: { ...influx.client.connection, bucket: influx.bucket, tokenFile },
          spool: { directory: spoolFolder, maxBytes: 256 * 1024 * 1024 },
        },
        files: [{ path: tokenFile, content: token.token }, ...influx.client.files],
        volumes: [{ volume: spool, path: spoolFolder }],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
