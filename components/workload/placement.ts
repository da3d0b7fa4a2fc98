import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Fault } from "../faults";

/** Where workloads of one environment run: on one engine, or on the nodes of a Swarm. */
export type Placement = EnginePlacement | SwarmPlacement;

interface CommonPlacement {
  /** Begins the names of all containers, services, volumes and networks, so that environments share an engine: `weather-dev`. */
  prefix: string;
  /**
   * Networks that the workload is on: it finds, and is found by, those alone that share one with it. By Docker's names; on a Swarm by
   * their ids, since by a name the provider would see a change at every refresh.
   */
  networks: readonly pulumi.Input<string>[];
}

/** One Docker engine. */
export interface EnginePlacement extends CommonPlacement {
  kind?: "engine";
  /**
   * Docker's name of the network that workloads with published ports, or servers elsewhere to talk to, are on besides, since an internal
   * network publishes none and has no way out. Its members can't reach each other. Default: none, for networks that publish by themselves.
   */
  front?: pulumi.Input<string>;
  /** Address on the machine at which ports are published. Default `127.0.0.1`. */
  publishAddress?: string;
}

/** A Docker Swarm, whose machines are labelled `weather.node=1`, `weather.node=2`, ... */
export interface SwarmPlacement extends CommonPlacement {
  kind: "swarm";
  /** Address of each node as clients and the deployer reach it, node 1 first. */
  nodes: readonly string[];
  /**
   * Where images that are built here are pushed, so that every node can pull them: `registry.example:5000`. Default: nowhere; they are
   * then on the engine alone that builds them, node 1, and their programs run there.
   */
  registry?: string;
}

/** Label of a Swarm's nodes that workloads are placed by. */
export const nodeLabel = "weather.node";

/** Where an environment is to run, as its settings say it. */
export type PlacementSettings =
  | { kind: "engine" }
  | {
      kind: "swarm";
      /** Address of each node as clients and the deployer reach it, node 1 first. */
      nodes: string[];
      /** Whether packets between nodes are encrypted (IPsec): the kernels must know ESP. */
      encrypted: boolean;
      /** Where images that are built here are pushed; empty: nowhere. */
      registry: string;
    };

/** What can be said against a Swarm for so many brokers, each of which wants a node of its own. */
export function placementFaults(settings: PlacementSettings, brokers: number): Fault[] {
  if (settings.kind === "engine") return [];
  const { nodes } = settings;
  const faults = nodes.flatMap((address, index): Fault[] => {
    const propertyPath = `nodes[${index}]`;
    if (!/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(address))
      return [
        {
          propertyPath,
          reason: `must be the address or DNS name of a machine, not ${JSON.stringify(address)}`,
        },
      ];
    return nodes.indexOf(address) < index
      ? [{ propertyPath, reason: `${address} is another node already` }]
      : [];
  });
  if (nodes.length < brokers) {
    faults.push({
      propertyPath: "nodes",
      reason: `must be as many as the brokers (${brokers}), each of which has a node of its own, not ${nodes.length}`,
    });
  }
  return faults;
}

/** Networks of an environment, each for those who talk to the servers it is named after. */
export type NetworkName = "brokers" | "influxdb";

/** The networks of an environment, and placements on them. */
export interface PlacedEnvironment {
  networks: Record<NetworkName, docker.Network>;
  /** Where a workload runs that talks to these servers. */
  on: (...names: NetworkName[]) => Placement;
}

/**
 * Makes the networks `<prefix>-brokers` and `<prefix>-influxdb`.
 *
 * On one engine both are internal, without a way out, and ports are published through a third, `<prefix>-front`, whose members can't
 * reach each other. On a Swarm they aren't: a task that is on internal networks alone can't publish a port.
 */
export function placeOn(
  settings: PlacementSettings,
  name: string,
  prefix: string,
  opts: pulumi.CustomResourceOptions,
): PlacedEnvironment {
  const make = (suffix: string, args: docker.NetworkArgs, options = opts) =>
    new docker.Network(`${name}-${suffix}`, { name: `${prefix}-${suffix}`, ...args }, options);
  if (settings.kind === "engine") {
    const networks = {
      brokers: make("brokers", { internal: true }),
      influxdb: make("influxdb", { internal: true }),
    };
    const front = make("front", { options: { "com.docker.network.bridge.enable_icc": "false" } }).name;
    return {
      networks,
      on: (...names) => ({ kind: "engine", prefix, networks: names.map((one) => networks[one].name), front }),
    };
  }
  const { nodes, encrypted, registry } = settings;
  const overlay = (suffix: NetworkName) =>
    make(
      suffix,
      { driver: "overlay", ...(encrypted && { options: { encrypted: "true" } }) },
      // The Swarm adds an option of its own, the VXLAN's id.
      { ...opts, ignoreChanges: ["options"] },
    );
  const networks = { brokers: overlay("brokers"), influxdb: overlay("influxdb") };
  return {
    networks,
    on: (...names) => ({
      ...{ kind: "swarm", prefix, nodes, networks: names.map((one) => networks[one].id) },
      ...(registry !== "" && { registry }),
    }),
  };
}

/** Whether what is published there can be reached from this machine alone. */
export function isLoopbackOnly(placement: Placement): boolean {
  return placement.kind !== "swarm" && /^(127\.|::1$|localhost$)/.test(publishedAddress(placement));
}

/** Address at which a workload's ports are published. @param node the Swarm's node that it runs on, from 1. Default 1. */
export function publishedAddress(placement: Placement, node = 1): string {
  if (placement.kind !== "swarm") return placement.publishAddress ?? "127.0.0.1";
  const address = placement.nodes[node - 1];
  if (address === undefined)
    throw new RangeError(`the Swarm has no node ${node}: there are ${placement.nodes.length}`);
  return address;
}

/**
 * A volume `<prefix>-<suffix>` for data that outlives its container; gives Docker's name of it.
 *
 * On a Swarm no resource stands for it: the node that first runs the service makes it, and neither Swarm nor Pulumi ever deletes it.
 */
export function dataVolume(
  name: string,
  placement: Placement,
  suffix: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const volume = `${placement.prefix}-${suffix}`;
  return placement.kind === "swarm"
    ? pulumi.output(volume)
    : new docker.Volume(name, { name: volume }, opts).name;
}
