import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Fault } from "../faults";

/** Where workloads of one environment run: on one engine, or on the nodes of a Swarm. */
export type Placement = EnginePlacement | SwarmPlacement;

interface CommonPlacement {
  /** Begins the names of all containers, services, volumes and networks, so that environments share an engine: `weather-dev`. */
  prefix: string;
}

/** One Docker engine. */
export interface EnginePlacement extends CommonPlacement {
  kind?: "engine";
  /** Docker's name of the network that joins the workloads. */
  network: pulumi.Input<string>;
  /** Address on the machine at which ports are published. Default `127.0.0.1`. */
  publishAddress?: string;
}

/** A Docker Swarm, whose machines are labelled `weather.node=1`, `weather.node=2`, ... */
export interface SwarmPlacement extends CommonPlacement {
  kind: "swarm";
  /** Id of the overlay network that joins the workloads. By a name, the provider would see a change at every refresh. */
  network: pulumi.Input<string>;
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
      nodes: string[];
      /** Whether packets between nodes are encrypted (IPsec): the kernels must know ESP. */
      encrypted: boolean;
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

/** The network that joins the workloads of an environment, and their placement on it. */
export function placeOn(
  settings: PlacementSettings,
  name: string,
  prefix: string,
  opts: pulumi.CustomResourceOptions,
): { placement: Placement; network: docker.Network } {
  if (settings.kind === "engine") {
    const network = new docker.Network(name, { name: prefix }, opts);
    return { network, placement: { kind: "engine", prefix, network: network.name } };
  }
  const { nodes, encrypted, registry } = settings;
  const network = new docker.Network(
    name,
    { name: prefix, driver: "overlay", ...(encrypted && { options: { encrypted: "true" } }) },
    // The Swarm adds an option of its own, the VXLAN's id.
    { ...opts, ignoreChanges: ["options"] },
  );
  return {
    network,
    placement: { kind: "swarm", prefix, network: network.id, nodes, ...(registry !== "" && { registry }) },
  };
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
