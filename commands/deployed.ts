import { spawnSync } from "node:child_process";
import { pulumiOutput } from "./pulumi-cli";

/** A container as Pulumi's state has it, beside what the engine says. */
export interface DeployedContainer {
  /** Docker's name: `weather-dev-kafka2`. */
  name: string;
  urn: string;
  /** `removed` where the engine has none of that name. */
  state: "running" | "stopped" | "removed";
  /** The engine's id of the container that has the name now; undefined where it was removed. */
  id: string | undefined;
}

interface StateFile {
  deployment: {
    resources?: { urn: string; type: string; id?: string; delete?: boolean; outputs?: { name?: string } }[];
  };
}

/** The containers of a stack. @throws UserError where the state can't be read. */
export function deployedContainers(stack: string): DeployedContainer[] {
  const state = JSON.parse(pulumiOutput(["stack", "export", "--stack", stack])) as StateFile;
  const containers = (state.deployment.resources ?? []).filter(
    (resource) => resource.type === "docker:index/container:Container" && resource.delete !== true,
  );
  return containers.map(({ urn, outputs }) => {
    const name = outputs?.name ?? urn.split("::").pop() ?? urn;
    const inspected = spawnSync(
      "docker",
      ["inspect", "--type", "container", "--format", "{{.Id}} {{.State.Running}}", name],
      { encoding: "utf8" },
    );
    const [id, running] = inspected.status === 0 ? inspected.stdout.trim().split(" ") : [];
    return {
      name,
      urn,
      id,
      state: id === undefined ? "removed" : running === "true" ? "running" : "stopped",
    };
  });
}
