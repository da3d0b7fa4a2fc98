import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type Fault, throwIfAny } from "../faults";
import { dataVolume, type Placement, publishedAddress } from "../workload/placement";
import { portFaults, Workload } from "../workload/workload";
import { type InfluxConnection } from "./connection";

/** Port of the API inside the network. */
export const influxPort = 8086;

/** The image's own user: the server never runs as root. */
const influxUser = { uid: 1000, gid: 1000 };

/** Arguments of an {@link InfluxServer}. */
export interface InfluxServerArgs {
  placement: Placement;
  /** Image of the server. A change replaces the container; the volume stays. */
  image: pulumi.Input<string>;
  /** Port on the machine. Default 8086. */
  hostPort?: number;
  /** Organisation made at the first start. Default `myorg`. */
  org?: string;
  /** Bucket made at the first start, keeping 30 days; an `InfluxBucket` of the same name takes it over and sets its retention. Default `weather`. */
  bucket?: string;
  /** Name of the administrator; the password is random. Default `admin`. */
  username?: string;
  /** Memory limit in MiB. Default 1024. */
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
          // Statuses and notifications are found through their tags, and a check that runs every few seconds makes many.
          INFLUXD_STORAGE_SERIES_ID_SET_CACHE_SIZE: "100",
        },
        files: [
          { path: secretFile("password"), content: password.result },
          { path: secretFile("operator-token"), content: token.result },
        ],
        volumes: [{ volume, path: "/var/lib/influxdb2" }],
        ports: [{ container: influxPort, host: hostPort }],
        probe: { kind: "http", port: influxPort, path: "/health" },
        memoryMiB: args.memoryMiB ?? 1_024,
      },
      { parent: this },
    );

    this.password = pulumi.secret(password.result);
    this.internalUrl = `http://${name}:${influxPort}`;
    this.connection = {
      url: `http://${publishedAddress(args.placement)}:${hostPort}`,
      token: pulumi.secret(token.result),
      org: this.org,
    };
    this.registerOutputs({
      url: this.connection.url,
      org: this.org,
      bucket: this.bucket,
      password: this.password,
    });
  }
}
