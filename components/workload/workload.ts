import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { durationSeconds, tryDurationMs, durationForm, type Duration } from "../duration";
import { throwIfAny, under, type Fault } from "../faults";
import { dockerHealthcheck, probeLabel, probeText, type Probe } from "./probe";

/** A file that stands in the container before its program starts. A change of it replaces the container. */
export interface WorkloadFile {
  /** Absolute path in the container. */
  path: string;
  /** The text. A secret stays one in the state. */
  content: pulumi.Input<string>;
}

/** A port of the container, published on the engine's machine. */
export interface PublishedPort {
  /** Port in the container. */
  container: number;
  /** Port on the machine. */
  host: number;
}

/** A volume, by Docker's name, or a folder of the engine's machine, by its absolute path; and where it is mounted in the container. */
export type MountedVolume =
  { volume: pulumi.Input<string>; path: string } | { hostFolder: string; path: string };

/** Where workloads of one environment run. */
export interface Placement {
  /** Begins the names of all containers, volumes and networks, so that environments share an engine: `weather-dev`. */
  prefix: string;
  /** Docker's name of the network that joins them. */
  network: pulumi.Input<string>;
  /** Address on the machine at which ports are published. Default `127.0.0.1`. */
  publishAddress?: string;
}

/** Arguments of a {@link Workload}. */
export interface WorkloadArgs {
  placement: Placement;
  /** DNS name on the network; the container's name is `<prefix>-<hostname>`. A change replaces the container. */
  hostname: string;
  /** Full name of the image, tag included. */
  image: pulumi.Input<string>;
  /** Command line after the image's entry point. Default: the image's own. */
  command?: pulumi.Input<string>[];
  /** Replaces the image's entry point. */
  entrypoint?: string[];
  /** Environment variables. No secrets: they show in `docker inspect`; use {@link WorkloadArgs.files}. */
  environment?: Record<string, pulumi.Input<string>>;
  files?: WorkloadFile[];
  ports?: PublishedPort[];
  volumes?: MountedVolume[];
  probe: Probe;
  /** Hard limit; there is no swap on top. In MiB. */
  memoryMiB: number;
  /** User and group the program runs as, by number. Default: the image's own. */
  user?: { uid: number; gid: number };
  /** How long the program may take to end in order before it is killed. Default `"30 seconds"`. */
  stopGrace?: Duration;
  /** Further labels. */
  labels?: Record<string, pulumi.Input<string>>;
}

/** What can be said against a workload before anything is created. */
export function workloadFaults(args: WorkloadArgs): Fault[] {
  const faults: Fault[] = [];
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(args.hostname)) {
    faults.push({ propertyPath: "hostname", reason: "must be lower-case letters, digits and dashes" });
  }
  if (!Number.isInteger(args.memoryMiB) || args.memoryMiB < 16) {
    faults.push({ propertyPath: "memoryMiB", reason: "must be a whole number of at least 16" });
  }
  if (args.stopGrace !== undefined && tryDurationMs(args.stopGrace) === undefined) {
    faults.push({ propertyPath: "stopGrace", reason: `must be ${durationForm}` });
  }
  const seen = new Set<number>();
  for (const [index, port] of (args.ports ?? []).entries()) {
    faults.push(
      ...under(`ports[${index}]`, portFaults("host", port.host)),
      ...under(`ports[${index}]`, portFaults("container", port.container)),
    );
    if (seen.has(port.host))
      faults.push({ propertyPath: `ports[${index}].host`, reason: `${port.host} is published twice` });
    seen.add(port.host);
  }
  for (const [index, file] of (args.files ?? []).entries()) {
    if (!file.path.startsWith("/"))
      faults.push({ propertyPath: `files[${index}].path`, reason: "must be absolute" });
  }
  return faults;
}

/** What can be said against a port number. */
export function portFaults(propertyPath: string, port: unknown): Fault[] {
  if (Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535) return [];
  return [{ propertyPath, reason: `must be a port from 1 to 65535, not ${JSON.stringify(port)}` }];
}

/**
 * One program that runs: the only place that knows what runs it.
 *
 * Realised as a `docker.Container`. Nearly every change replaces the container, after the old one was stopped with grace
 * (names and ports are fixed, so the old one goes first); a change of the memory limit alone is made in place.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class Workload extends pulumi.ComponentResource {
  /** DNS name on the network. */
  readonly hostname: string;
  /** Changes with every new incarnation: what roll gates watch. */
  declare readonly incarnation: pulumi.Output<string>;
  /** Docker's name of the container. */
  declare readonly containerName: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:workload:Workload", name, {}, opts);
    throwIfAny(`Workload ${name}`, workloadFaults(args));
    this.hostname = args.hostname;

    const graceSeconds = durationSeconds(args.stopGrace ?? "30 seconds");
    const labels = { ...args.labels, [probeLabel]: probeText(args.probe) };
    const container = new docker.Container(
      `${name}-container`,
      {
        name: `${args.placement.prefix}-${args.hostname}`,
        hostname: args.hostname,
        image: args.image,
        ...(args.command && { command: args.command }),
        ...(args.entrypoint && { entrypoints: args.entrypoint }),
        envs: Object.entries(args.environment ?? {})
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => pulumi.interpolate`${key}=${value}`),
        uploads: (args.files ?? []).map((file) => ({
          file: file.path,
          content: file.content,
          // They are uploaded as root, and no program here runs as root; nobody else lives in the container.
          permissions: "0444",
        })),
        ports: (args.ports ?? []).map((port) => ({
          internal: port.container,
          external: port.host,
          ip: args.placement.publishAddress ?? "127.0.0.1",
          protocol: "tcp",
        })),
        volumes: (args.volumes ?? []).map((mounted) => ({
          ...("volume" in mounted ? { volumeName: mounted.volume } : { hostPath: mounted.hostFolder }),
          containerPath: mounted.path,
        })),
        networksAdvanced: [{ name: args.placement.network, aliases: [args.hostname] }],
        networkMode: "bridge",
        labels: Object.entries(labels).map(([label, value]) => ({ label, value })),
        healthcheck: dockerHealthcheck(args.probe),
        ...(args.user && { user: `${args.user.uid}:${args.user.gid}` }),
        memory: args.memoryMiB,
        memorySwap: args.memoryMiB,
        restart: "unless-stopped",
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        stopTimeout: graceSeconds,
        destroyGraceSeconds: graceSeconds,
        securityOpts: ["no-new-privileges:true"],
      },
      { parent: this, deleteBeforeReplace: true },
    );
    this.incarnation = container.id;
    this.containerName = container.name;
    this.registerOutputs({
      hostname: this.hostname,
      incarnation: this.incarnation,
      containerName: this.containerName,
    });
  }
}
