import { spawnSync } from "node:child_process";
import { UserError } from "../embedded/stack-config";

/** What realises a stack: Pulumi's engine on Docker, or local processes. */
export type Target = "docker" | "embedded";

/** A target and why it was chosen. */
export interface ChosenTarget {
  target: Target;
  reason: string;
}

/** Chooses: what was asked for, else Docker where both Docker and the Pulumi CLI answer. @throws UserError where what was asked for isn't there. */
export function chooseTarget(asked: string | undefined): ChosenTarget {
  if (asked !== undefined && asked !== "docker" && asked !== "embedded") {
    throw new UserError(`--target must be docker or embedded, not ${JSON.stringify(asked)}`);
  }
  if (asked === "embedded") return { target: "embedded", reason: "asked for" };
  const missing = missingForDocker();
  if (asked === "docker") {
    if (missing.length > 0)
      throw new UserError(
        `--target docker needs ${missing.join(" and ")}. Without them use --target embedded.`,
      );
    return { target: "docker", reason: "asked for" };
  }
  if (missing.length > 0) return { target: "embedded", reason: `${missing.join(" and ")} not found` };
  return { target: "docker", reason: "Docker and the Pulumi CLI answer" };
}

/** What the docker target lacks on this machine; empty where it can be used. */
export function missingForDocker(): string[] {
  const answers = (command: string, args: string[]) =>
    spawnSync(command, args, { stdio: "ignore", timeout: 10_000 }).status === 0;
  return [
    ...(answers("docker", ["info"]) ? [] : ["a Docker engine"]),
    ...(answers("pulumi", ["version"]) ? [] : ["the Pulumi CLI"]),
  ];
}
