import * as pulumi from "@pulumi/pulumi";
import { tryDurationMs, durationForm, type Duration } from "../duration";
import { throwIfAny, under, type Fault } from "../faults";
import { runAsContainer } from "./container";
import { type Placement } from "./placement";
import { type Probe } from "./probe";
import { programOf } from "./program";
import { runAsService } from "./service";

/** A file that stands in the container before its program starts. A change of it replaces the container. On a Swarm at most 500 KiB. */
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

/**
 * Arguments of a {@link Workload}. On one engine a change replaces the container, but for `memoryMiB`, which is changed in place; on a
 * Swarm it updates the service, which starts its task anew. Volumes stay.
 */
export interface WorkloadArgs {
  placement: Placement;
  /** DNS name on the network; the container's or service's name is `<prefix>-<hostname>`. */
  hostname: string;
  /** Full name of the image, tag included. */
  image: pulumi.Input<string>;
  /** Command line after the image's entry point. Default: the image's own. */
  command?: pulumi.Input<string>[];
  /** Replaces the image's entry point. Default: the image's own. */
  entrypoint?: string[];
  /** Environment variables. No secrets: they show in `docker inspect`; use {@link WorkloadArgs.files}. Default: none. */
  environment?: Record<string, pulumi.Input<string>>;
  /** Default: none. */
  files?: WorkloadFile[];
  /** Default: none. */
  ports?: PublishedPort[];
  /** Default: none. */
  volumes?: MountedVolume[];
  /** Whether the program talks to servers outside the environment, which on one engine needs a network with a way out. Default false. */
  reachesOut?: boolean;
  /**
   * Folders of the image that the program writes besides its volumes and `/tmp`, which is 64 MiB of memory: they begin as the image has
   * them, owner included, and go with the container. Default: none.
   */
  scratch?: string[];
  /**
   * Whether the image's own file system is writable: for images that aren't known to run otherwise. Default false: read-only, but on one
   * engine where there are {@link WorkloadArgs.files}, which Docker can't lay into a read-only container.
   */
  writableRoot?: boolean;
  /** How its health is told. */
  probe: Probe;
  /**
   * What a Swarm asks in the probe's place: it ends a program that fails it, and tells others its name only once it passes. So programs
   * that wait for each other must pass it before. Default: the probe.
   */
  liveness?: Probe;
  /**
   * Node of a Swarm that it runs on, from 1. Default: 1 where it has ports or volumes, which are a machine's own; else any, and another
   * one should that be lost. One engine takes no notice.
   */
  node?: number;
  /** Hard limit; there is no swap on top. In MiB. */
  memoryMiB: number;
  /** User and group the program runs as, by number. Default: the image's own. */
  user?: { uid: number; gid: number };
  /** How long the program may take to end in order before it is killed. Default `"30 seconds"`. */
  stopGrace?: Duration;
  /** Further labels. Default: none. */
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
  const { node, placement } = args;
  if (placement.kind === "swarm" && node !== undefined && placement.nodes[node - 1] === undefined) {
    faults.push({
      propertyPath: "node",
      reason: `must be from 1 to the number of the Swarm's nodes (${placement.nodes.length}), not ${node}`,
    });
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
  for (const [index, folder] of (args.scratch ?? []).entries()) {
    if (!folder.startsWith("/"))
      faults.push({ propertyPath: `scratch[${index}]`, reason: "must be absolute" });
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
 * On one engine a `docker.Container`: nearly every change replaces it, after the old one was stopped with grace (names and ports are
 * fixed, so the old one goes first); a change of the memory limit alone is made in place. On a Swarm a `docker.Service`: changes are
 * made in place, and the Swarm stops the old task with grace before it starts the new one.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class Workload extends pulumi.ComponentResource {
  /** DNS name on the network. */
  readonly hostname: string;
  /** Changes with every new incarnation: what roll gates watch. */
  declare readonly incarnation: pulumi.Output<string>;
  /** Docker's name of the container or service. */
  declare readonly containerName: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:workload:Workload", name, {}, opts);
    throwIfAny(`Workload ${name}`, workloadFaults(args));
    this.hostname = args.hostname;

    const program = programOf(args);
    const { incarnation, containerName } =
      args.placement.kind === "swarm"
        ? runAsService(name, args.placement, program, this)
        : runAsContainer(name, args.placement, program, this);
    this.incarnation = incarnation;
    this.containerName = containerName;
    this.registerOutputs({
      hostname: this.hostname,
      incarnation: this.incarnation,
      containerName: this.containerName,
    });
  }
}
