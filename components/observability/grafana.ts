import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type CertificateAuthority } from "../certificates/authority";
import { type InfluxBucket } from "../influxdb/bucket";
import { type InfluxServer } from "../influxdb/server";
import { InfluxToken } from "../influxdb/token";
import { dataVolume, type Placement, publishedAddress } from "../workload/placement";
import { Workload } from "../workload/workload";
import { type DashboardSpec, grafanaJson, influxDatasourceUid } from "./dashboards";

/** Port of the pages inside the network. */
const grafanaPort = 3000;

/** The image's own user. */
const grafanaUser = { uid: 472, gid: 0 };

const dashboardFolder = "/etc/grafana/dashboards";

/** Arguments of {@link Grafana}. A change replaces the container, but for `memoryMiB`; the volume stays. */
export interface GrafanaArgs {
  placement: Placement;
  /** Full name of Grafana's image, tag included. */
  image: pulumi.Input<string>;
  /** The server that the dashboards ask. */
  influx: InfluxServer;
  /** Buckets that the dashboards query: the datasource's token reads these, InfluxDB's own of the organisation (`_monitoring`), and no others. */
  buckets: InfluxBucket[];
  dashboards: DashboardSpec[];
  /** Signs the pages' certificate. Default: plain http. */
  authority?: CertificateAuthority;
  /** Port on the machine. Default 3000. */
  hostPort?: number;
  /** Memory limit in MiB. Default 256. */
  memoryMiB?: number;
  /** The volume can't be deleted while this is set. Default false. */
  protect?: boolean;
}

/**
 * Grafana with the InfluxDB datasource and dashboards provisioned, behind a login; anonymous visitors and sign-ups are off.
 *
 * The administrator's password is random and set at the first start only.
 */
export class Grafana extends pulumi.ComponentResource {
  /** Address of the pages. */
  readonly url: string;
  /** Of the user `admin`: a secret. */
  declare readonly password: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:observability:Grafana", name, {}, opts);
    const hostPort = args.hostPort ?? grafanaPort;
    const { connection } = args.influx;
    const { caFile } = args.influx.client.connection;
    const token = new InfluxToken(
      `${name}-token`,
      {
        connection,
        description: `${name}: reads what the dashboards show`,
        permissions: [
          ...args.buckets.map(({ bucketId }) => ({ action: "read" as const, bucket: bucketId })),
          // Whoever may read an organisation may read its system buckets; they have no permission of their own.
          { action: "read", allOf: "orgs" },
        ],
      },
      { parent: this },
    );
    const password = new random.RandomPassword(
      `${name}-password`,
      { length: 32, special: false },
      { parent: this },
    );
    const volume = dataVolume(`${name}-data`, args.placement, `${name}-data`, {
      parent: this,
      protect: args.protect ?? false,
    });
    const datasources = {
      apiVersion: 1,
      datasources: [
        {
          name: "InfluxDB",
          uid: influxDatasourceUid,
          type: "influxdb",
          access: "proxy",
          url: args.influx.internalUrl,
          isDefault: true,
          jsonData: {
            version: "Flux",
            organization: args.influx.org,
            defaultBucket: args.influx.bucket,
            ...(caFile !== undefined && { tlsAuthWithCACert: true }),
          },
          secureJsonData: {
            token: "$__file{/run/secrets/influxdb-token}",
            ...(caFile !== undefined && { tlsCACert: `$__file{${caFile}}` }),
          },
        },
      ],
    };
    const providers = {
      apiVersion: 1,
      providers: [
        { name: "pipeline", type: "file", allowUiUpdates: false, options: { path: dashboardFolder } },
      ],
    };
    const address = publishedAddress(args.placement);
    const page = args.authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name, "localhost", address] })
      .files("/run/secrets/tls");
    new Workload(
      name,
      {
        placement: args.placement,
        hostname: name,
        image: args.image,
        user: grafanaUser,
        // It fetches and unpacks plugins as it likes.
        writableRoot: true,
        environment: {
          GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/admin-password",
          ...(page && {
            GF_SERVER_PROTOCOL: "https",
            GF_SERVER_CERT_FILE: page.paths.certFile,
            GF_SERVER_CERT_KEY: page.paths.keyFile,
            GF_SECURITY_COOKIE_SECURE: "true",
          }),
          GF_AUTH_ANONYMOUS_ENABLED: "false",
          GF_USERS_ALLOW_SIGN_UP: "false",
          GF_ANALYTICS_REPORTING_ENABLED: "false",
          GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
          GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
          GF_SECURITY_DISABLE_GRAVATAR: "true",
          GF_NEWS_NEWS_FEED_ENABLED: "false",
        },
        files: [
          { path: "/run/secrets/admin-password", content: password.result },
          { path: "/run/secrets/influxdb-token", content: token.token },
          ...args.influx.client.files,
          ...(page?.files ?? []),
          // Grafana's provisioning files are YAML, of which JSON is a part.
          {
            path: "/etc/grafana/provisioning/datasources/influxdb.yaml",
            content: JSON.stringify(datasources, null, 2),
          },
          {
            path: "/etc/grafana/provisioning/dashboards/pipeline.yaml",
            content: JSON.stringify(providers, null, 2),
          },
          ...args.dashboards.map((dashboard) => ({
            path: `${dashboardFolder}/${dashboard.uid}.json`,
            content: grafanaJson(dashboard),
          })),
        ],
        volumes: [{ volume, path: "/var/lib/grafana" }],
        ports: [{ container: grafanaPort, host: hostPort }],
        probe: page
          ? { kind: "tcp", port: grafanaPort }
          : { kind: "http", port: grafanaPort, path: "/api/health" },
        memoryMiB: args.memoryMiB ?? 256,
      },
      { parent: this },
    );
    this.password = pulumi.secret(password.result);
    this.url = `${page ? "https" : "http"}://${address}:${hostPort}`;
    this.registerOutputs({ url: this.url, password: this.password });
  }
}
