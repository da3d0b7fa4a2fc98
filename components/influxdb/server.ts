import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type Fault, throwIfAny } from "../faults";
import { type CertificateAuthority } from "../certificates/authority";
import { dataVolume, type Placement, publishedAddress } from "../workload/placement";
import { portFaults, Workload, type WorkloadFile } from "../workload/workload";
import { type InfluxConnection } from "./connection";

/** Port of the API inside the network. */
export const influxPort = 8086;

/** The image's own user: the server never runs as root. */
const influxUser = { uid: 1000, gid: 1000 };

/** Where the server finds its certificate, and whom it trusts as a client. */
const certificateFolder = "/run/secrets/tls";

/** How a program on the network reaches the server. */
export interface InfluxClient {
  connection: {
    url: string;
    org: string;
    /** Where the authority's certificate stands in its container; undefined where the server speaks http. */
    caFile?: string;
  };
  /** The authority's certificate, for its container. */
  files: WorkloadFile[];
}

/** Arguments of an {@link InfluxServer}. A change replaces the container; the volume and all that is in it stay. */
export interface InfluxServerArgs {
  placement: Placement;
  /** Image of the server. */
  image: pulumi.Input<string>;
  /** With an authority the server speaks TLS by a certificate of it, trusts only it, and its pages are off. Default: plain http. */
  authority?: CertificateAuthority;
  /** Port on the machine. Default 8086. */
  hostPort?: number;
  /** Organisation made at the first start; a change makes no other one where the volume holds data. Default `myorg`. */
  org?: string;
  /** Bucket made at the first start, keeping 30 days; an `InfluxBucket` of the same name takes it over and sets its retention. Default `weather`. */
  bucket?: string;
  /** Name of the administrator made at the first start, as `org`; the password is random. Default `admin`. */
  username?: string;
  /** Memory limit in MiB; a query may take an eighth of it, and fails beyond that. Default 1024. */
  memoryMiB?: number;
  /** The volume can't be deleted while this is set. Default false. */
  protect?: boolean;
}

/** What can be said against a server before anything is created. */
export function influxServerFaults(args: Omit<InfluxServerArgs, "placement" | "image">): Fault[] {
  const faults = portFaults("hostPort", args.hostPort ?? influxPort);
  for (const key of ["org", "bucket", "username"] as const) {
    if (args[key] === "") faults.push({ propertyPath: key, reason: "must not be empty" });
  }
  return faults;
}

/**
 * An InfluxDB 2 server that sets itself up at its first start: administrator, organisation, a bucket.
 *
 * Password and operator token are random, secret, and reach the container as files.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class InfluxServer extends pulumi.ComponentResource {
  /** From the deployer's machine, with the operator's token: what the resources of this folder are made with. */
  readonly connection: InfluxConnection;
  /** For programs on the network. */
  readonly internalUrl: string;
  /** The same, with what it takes to trust the server. */
  readonly client: InfluxClient;
  readonly org: string;
  readonly bucket: string;
  readonly username: string;
  /** Of the administrator: a secret. */
  declare readonly password: pulumi.Output<string>;
  /** What resources on this server depend on. */
  readonly workload: Workload;

  constructor(name: string, args: InfluxServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:influxdb:InfluxServer", name, {}, opts);
    throwIfAny(`InfluxServer ${name}`, influxServerFaults(args));
    const hostPort = args.hostPort ?? influxPort;
    this.org = args.org ?? "myorg";
    this.bucket = args.bucket ?? "weather";
    this.username = args.username ?? "admin";

    const password = new random.RandomPassword(
      `${name}-password`,
      { length: 32, special: false },
      { parent: this },
    );
    const token = new random.RandomPassword(
      `${name}-operator-token`,
      { length: 64, special: false },
      { parent: this },
    );
    const volume = dataVolume(`${name}-data`, args.placement, `${name}-data`, {
      parent: this,
      protect: args.protect ?? false,
    });
    const secretFile = (of: string) => `/run/secrets/influxdb-${of}`;
    const { authority, memoryMiB = 1_024 } = args;
    const address = publishedAddress(args.placement);
    const certificate = authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name, "localhost", "127.0.0.1", address] })
      .files(certificateFolder);
    this.workload = new Workload(
      name,
      {
        placement: args.placement,
        hostname: name,
        image: args.image,
        user: influxUser,
        environment: {
          DOCKER_INFLUXDB_INIT_MODE: "setup",
          DOCKER_INFLUXDB_INIT_USERNAME: this.username,
          DOCKER_INFLUXDB_INIT_PASSWORD_FILE: secretFile("password"),
          DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE: secretFile("operator-token"),
          DOCKER_INFLUXDB_INIT_ORG: this.org,
          DOCKER_INFLUXDB_INIT_BUCKET: this.bucket,
          // Only until an InfluxBucket takes the bucket over: a retention that is changed there must not replace the server.
          DOCKER_INFLUXDB_INIT_RETENTION: "720h",
          INFLUXD_REPORTING_DISABLED: "true",
          INFLUXD_PPROF_DISABLED: "true",
          ...(certificate && {
            INFLUXD_TLS_CERT: certificate.paths.certFile,
            INFLUXD_TLS_KEY: certificate.paths.keyFile,
            INFLUXD_TLS_MIN_VERSION: "1.2",
            INFLUXD_TLS_STRICT_CIPHERS: "true",
            INFLUXD_UI_DISABLED: "true",
            // Go's own variable: what the server calls, the remotes' listener and the webhook, has a certificate of the same authority.
            SSL_CERT_FILE: certificate.paths.caFile,
          }),
          // Statuses and notifications are found through their tags, and a check that runs every few seconds makes many.
          INFLUXD_STORAGE_SERIES_ID_SET_CACHE_SIZE: "100",
          // Else one careless query, or the runs of all checks that were missed while the server was away, made up for at once, fill its
          // memory, and Go collects garbage too late.
          INFLUXD_QUERY_MEMORY_BYTES: String(memoryMiB * 1_024 * 128),
          INFLUXD_QUERY_CONCURRENCY: "10",
          GOMEMLIMIT: `${Math.floor(memoryMiB * 0.75)}MiB`,
        },
        files: [
          { path: secretFile("password"), content: password.result },
          { path: secretFile("operator-token"), content: token.result },
          ...(certificate?.files ?? []),
        ],
        volumes: [{ volume, path: "/var/lib/influxdb2" }],
        ports: [{ container: influxPort, host: hostPort }],
        probe: certificate
          ? { kind: "tcp", port: influxPort }
          : { kind: "http", port: influxPort, path: "/health" },
        memoryMiB,
      },
      { parent: this },
    );

    this.password = pulumi.secret(password.result);
    const scheme = authority ? "https" : "http";
    this.internalUrl = `${scheme}://${name}:${influxPort}`;
    const caFile = "/run/secrets/influxdb/ca.pem";
    this.client = {
      connection: { url: this.internalUrl, org: this.org, ...(authority && { caFile }) },
      files: authority ? [{ path: caFile, content: authority.trustPem }] : [],
    };
    this.connection = {
      url: `${scheme}://${address}:${hostPort}`,
      token: pulumi.secret(token.result),
      org: this.org,
      ...(authority && { caPem: authority.trustPem }),
    };
    this.registerOutputs({
      url: this.connection.url,
      org: this.org,
      bucket: this.bucket,
      password: this.password,
    });
  }
}
