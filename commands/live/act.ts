import { type ContainerStatus } from "../../embedded/containers/running";
import { actOn, type ContainerAction } from "../../embedded/control";
import { stateFolder } from "../../embedded/folder";
import { projectRoot } from "../arguments";
import { docker } from "./docker";
import { type RunningStack } from "./outputs";
import { services } from "./services";

/**
 * Kills (SIGKILL), stops, starts or restarts one service of a running stack; resolves once that is done, not once the service is well.
 *
 * What is killed comes back by itself in the embedded run; Docker takes a kill through its API for a wish and leaves the container
 * dead. `start` brings it back at once in both, and leaves one that runs as it is.
 *
 * @param service its full name, such as `weather-dev-kafka2`.
 * @throws Error where there is no such service, or it can't be started.
 */
export async function act(
  { target, stack }: Pick<RunningStack, "target" | "stack">,
  service: string,
  action: ContainerAction,
): Promise<void> {
  if (target === "embedded") await actOn(stateFolder(projectRoot, stack).socket, service, action);
  else await docker([action, service]);
}

/** Kills a service and keeps it dead until it is started. */
export async function strike(running: RunningStack, service: string): Promise<void> {
  await act(running, service, "kill");
  // So that its restart policy doesn't bring it back; under Docker it's dead already.
  if (running.target === "embedded") await act(running, service, "stop");
}

/** One service as it is now, or undefined where the stack has none of that name. */
export async function serviceNow(
  running: RunningStack,
  service: string,
): Promise<ContainerStatus | undefined> {
  return (await services(running)).find(({ name }) => name === service);
}
