import { type ContainerStatus } from "../../embedded/containers/running";
import { supervisorStatus } from "../../embedded/control";
import { stateFolder } from "../../embedded/folder";
import { probeLabel } from "../../components/workload/probe";
import { projectRoot } from "../arguments";
import { docker } from "./docker";
import { type RunningStack } from "./outputs";
import { swarmServices } from "./swarm";

/** What `docker inspect` says, as far as it's read here. */
interface Inspected {
  Name: string;
  RestartCount: number;
  State: { Status: string; Pid: number; Health?: { Status: string } };
  HostConfig: { PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null };
}

/** State of every container or service of a stack, read from what runs it. */
export async function services({ target, stack, outputs }: RunningStack): Promise<ContainerStatus[]> {
  if (target === "embedded")
    return (await supervisorStatus(stateFolder(projectRoot, stack).socket))?.services ?? [];
  const onSwarm = swarmServices(outputs.prefix);
  if (onSwarm.length > 0) return onSwarm.sort((a, b) => (a.name < b.name ? -1 : 1));
  const list = await docker([
    "ps",
    "--all",
    "--quiet",
    "--filter",
    `label=${probeLabel}`,
    "--filter",
    `name=^/?${outputs.prefix}-`,
  ]);
  const ids = list.split("\n").filter(Boolean);
  if (ids.length === 0) return [];
  const containers = JSON.parse(await docker(["inspect", ...ids])) as Inspected[];
  return containers
    .map(({ Name, RestartCount, State, HostConfig }): ContainerStatus => ({
      name: Name.replace(/^\//, ""),
      state: stateOf(State),
      healthy: State.Health ? State.Health.Status === "healthy" : undefined,
      restarts: RestartCount,
      pid: State.Pid === 0 ? undefined : State.Pid,
      endpoints: Object.values(HostConfig.PortBindings ?? {}).flatMap((bindings) =>
        (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}`),
      ),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function stateOf({ Status, Health }: Inspected["State"]): ContainerStatus["state"] {
  // Docker's "running" says nothing of whether it serves yet: what its probe hasn't found well since the start is starting.
  if (Status === "running") return Health?.Status === "starting" ? "starting" : "running";
  return Status === "restarting" ? "restarting" : "exited";
}
