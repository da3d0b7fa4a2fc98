import { spawnSync } from "node:child_process";
import { probeLabel } from "../../components/workload/probe";
import { type ContainerStatus } from "../../embedded/containers/running";

/** What `docker service inspect` says, as far as it's read here. */
export interface InspectedService {
  Spec: { Name: string };
  Endpoint: { Ports?: { PublishedPort: number }[] };
}

/** A line of `docker service ps --format '{{json .}}'`. The task's state begins `CurrentState`. */
export interface ListedTask {
  /** Name of the service, and the task's number in it: `weather-prod-kafka1.1`. */
  Name: string;
  Node: string;
  DesiredState: string;
  CurrentState: string;
}

function docker(args: string[]): string {
  return spawnSync("docker", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).stdout;
}

/** Whether a name is that of a service of the engine's Swarm. */
export function isService(name: string): boolean {
  return spawnSync("docker", ["service", "inspect", name], { stdio: "ignore" }).status === 0;
}

/** State of every service of an environment; none where the engine manages no Swarm. */
export function swarmServices(prefix: string): ContainerStatus[] {
  const filters = ["--filter", `label=${probeLabel}`, "--filter", `name=${prefix}-`];
  const ids = docker(["service", "ls", "--quiet", ...filters])
    .split("\n")
    .filter(Boolean);
  if (ids.length === 0) return [];
  const tasks = docker(["service", "ps", "--format", "{{json .}}", ...ids])
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ListedTask);
  const inspected = JSON.parse(docker(["service", "inspect", ...ids])) as InspectedService[];
  return inspected.map((service) => serviceStatus(service, tasks));
}

/** A service's state from that of its tasks. A task runs, to a Swarm, once its probe has passed; those that failed are kept for a while. */
export function serviceStatus(
  { Spec, Endpoint }: InspectedService,
  tasks: readonly ListedTask[],
): ContainerStatus {
  const own = tasks.filter(({ Name }) => Name.replace(/\.[^.]+$/, "") === Spec.Name);
  const current = own.find(({ DesiredState }) => DesiredState === "Running" || DesiredState === "Ready");
  const isRunning = current?.CurrentState.startsWith("Running") ?? false;
  return {
    name: Spec.Name,
    state: isRunning ? "running" : current ? "starting" : "exited",
    healthy: isRunning,
    restarts: own.filter(({ CurrentState }) => CurrentState.startsWith("Failed")).length,
    pid: undefined,
    endpoints: (Endpoint.Ports ?? []).map(({ PublishedPort }) => `${current?.Node ?? ""}:${PublishedPort}`),
  };
}
