import * as fs from "node:fs";
import { type PipelineOutputs } from "../../components/outputs";
import { supervisorStatus } from "../../embedded/control";
import { stateFolder } from "../../embedded/folder";
import { UserError } from "../../embedded/stack-config";
import { projectRoot } from "../arguments";
import { pulumiOutput } from "../pulumi-cli";
import { missingForDocker, type Target } from "../target";

/** A stack that is up, and where. */
export interface RunningStack {
  target: Target;
  stack: string;
  outputs: PipelineOutputs;
}

/** Finds the stack where it runs: the embedded run of this folder if there is one, else Pulumi's. @throws UserError where it's up nowhere. */
export async function runningStack(stack: string): Promise<RunningStack> {
  const { socket, outputs } = stateFolder(projectRoot, stack);
  const supervisor = await supervisorStatus(socket);
  if (supervisor) {
    if (supervisor.phase === "starting" || !fs.existsSync(outputs))
      throw new UserError(`The stack ${stack} is still starting: try again in a moment.`);
    return {
      target: "embedded",
      stack,
      outputs: JSON.parse(fs.readFileSync(outputs, "utf8")) as PipelineOutputs,
    };
  }
  if (missingForDocker().length === 0) {
    try {
      const text = pulumiOutput(["stack", "output", "--json", "--show-secrets", "--stack", stack]);
      const found = JSON.parse(text) as Partial<PipelineOutputs>;
      if (found.kafka) return { target: "docker", stack, outputs: found as PipelineOutputs };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  throw new UserError(`The stack ${stack} isn't up. Bring it up with: npm run up -- --stack ${stack}`);
}
