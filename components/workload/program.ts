import type * as pulumi from "@pulumi/pulumi";
import { type Duration } from "../duration";
import { probeLabel, probeText, type Probe } from "./probe";
import { type MountedVolume, type PublishedPort, type WorkloadArgs, type WorkloadFile } from "./workload";

/** Where any program may put what it needs for a moment: in memory, which counts towards its limit. */
export const temporaryFolder = { path: "/tmp", maxMiB: 64 } as const;

/** A workload with all that wasn't said filled in: what a container and a service are made of alike. */
export interface Program {
  /** Docker's name of it. */
  name: string;
  hostname: string;
  image: pulumi.Input<string>;
  command: pulumi.Input<string>[] | undefined;
  entrypoint: string[] | undefined;
  /** Sorted by name. */
  environment: Record<string, pulumi.Input<string>>;
  files: WorkloadFile[];
  fileMode: number;
  /**
   * Groups, by number, that the program is a member of: files are laid in as root's, and not every version of the provider can give
   * them to another user. So programs, none of which is root, read them as members of root's group, and change none.
   */
  groups: string[];
  ports: PublishedPort[];
  volumes: MountedVolume[];
  /** Whether it talks to servers outside the environment. */
  reachesOut: boolean;
  /** Folders of the image that the program writes. */
  scratch: string[];
  /** Whether all may be written that the program's user may write. */
  hasWritableRoot: boolean;
  labels: { label: string; value: pulumi.Input<string> }[];
  probe: Probe;
  /** What a Swarm asks in the probe's place. */
  liveness: Probe;
  memoryMiB: number;
  user: string | undefined;
  stopGrace: Duration;
  log: { driver: string; options: Record<string, string> };
  /** Node of a Swarm that it's tied to, from 1. */
  node: number | undefined;
}

/** What a workload needs to know of what was made. */
export interface Realised {
  /** Changes with every new incarnation. */
  incarnation: pulumi.Output<string>;
  /** Docker's name of the container or service. */
  containerName: pulumi.Output<string>;
}

/** Fills in what a workload leaves out. */
export function programOf(args: WorkloadArgs): Program {
  const ports = args.ports ?? [];
  const volumes = args.volumes ?? [];
  const isTied = ports.length > 0 || volumes.length > 0;
  return {
    name: `${args.placement.prefix}-${args.hostname}`,
    hostname: args.hostname,
    image: args.image,
    command: args.command,
    entrypoint: args.entrypoint,
    environment: Object.fromEntries(
      Object.entries(args.environment ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    files: args.files ?? [],
    fileMode: 0o440,
    groups: ["0"],
    ports,
    volumes,
    reachesOut: args.reachesOut ?? false,
    scratch: args.scratch ?? [],
    hasWritableRoot: args.writableRoot ?? false,
    labels: Object.entries({ ...args.labels, [probeLabel]: probeText(args.probe) }).map(([label, value]) => ({
      label,
      value,
    })),
    probe: args.probe,
    liveness: args.liveness ?? args.probe,
    memoryMiB: args.memoryMiB,
    user: args.user && `${args.user.uid}:${args.user.gid}`,
    stopGrace: args.stopGrace ?? "30 seconds",
    log: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
    node: args.node ?? (isTied ? 1 : undefined),
  };
}
