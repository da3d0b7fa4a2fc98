import { spawnSync } from "node:child_process";
import { actOn } from "../../embedded/control";
import { stateFolder } from "../../embedded/folder";
import { UserError } from "../../embedded/stack-config";
import { projectRoot } from "../arguments";
import { type RunningStack } from "./outputs";
import { services } from "./services";

/** Names of the containers of a stack that aren't a broker or InfluxDB: whatever reads and writes there. */
export async function programsOf(running: RunningStack): Promise<string[]> {
  const servers = new RegExp(`^${running.outputs.prefix}-(kafka\\d+|influxdb)$`);
  return (await services(running)).map(({ name }) => name).filter((name) => !servers.test(name));
}

/** Stops programs in order, so that each commits and flushes what it has; all are started again by `start`. @throws UserError where one can't be. */
export async function act(
  { target, stack }: RunningStack,
  action: "stop" | "start",
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  if (target === "embedded") {
    const { socket } = stateFolder(projectRoot, stack);
    await Promise.all(names.map((name) => actOn(socket, name, action)));
    return;
  }
  const { status, stderr } = spawnSync("docker", [action, ...names], { encoding: "utf8" });
  if (status !== 0) throw new UserError(`docker ${action} failed:\n${stderr.trim()}`);
}
