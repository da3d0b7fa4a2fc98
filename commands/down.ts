import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { askToStop, supervisorStatus } from "../embedded/control";
import { stateFolder } from "../embedded/folder";
import { UserError } from "../embedded/stack-config";
import { ProcessBook, startTicks } from "../embedded/processes";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { dockerConfigFile } from "./docker-stack";
import { runningStack } from "./live/outputs";
import { services } from "./live/services";
import { isService } from "./live/swarm";
import { pulumi, stackExists } from "./pulumi-cli";
import { missingForDocker } from "./target";

const usage = "npm run down [-- --stack dev] [--volumes]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    volumes: { type: "boolean", default: false },
  });
  const { stack, volumes } = values;
  const endedEmbedded = await downEmbedded(stack, volumes);
  const found = endedEmbedded || (missingForDocker().length === 0 && (await downDocker(stack, volumes)));
  if (!found) process.stdout.write(`The stack ${stack} isn't up.\n`);
  return 0;
});

/** Ends the embedded run, or what a crashed one left behind; tells whether there was anything. */
async function downEmbedded(stack: string, volumes: boolean): Promise<boolean> {
  const state = stateFolder(projectRoot, stack);
  const supervisor = await supervisorStatus(state.socket);
  if (supervisor) {
    process.stdout.write(`Ending the ${supervisor.services.length} services of stack ${stack} ...\n`);
    const ticks = startTicks(supervisor.pid);
    await askToStop(state.socket);
    while (startTicks(supervisor.pid) === ticks) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const leftovers = await ProcessBook.endLeftovers(state.processes);
  fs.rmSync(state.socket, { force: true });
  if (leftovers > 0)
    process.stdout.write(`Ended ${leftovers} processes that a crashed run had left behind.\n`);
  if (volumes) fs.rmSync(state.root, { recursive: true, force: true });
  if (!supervisor && leftovers === 0) return false;
  process.stdout.write(
    volumes
      ? `Down, and its data removed (${state.root}).\n`
      : `Down. Its data stays in ${state.root}; remove it with: npm run down -- ${stack === "dev" ? "" : `--stack ${stack} `}--volumes\n`,
  );
  return true;
}

/**
 * Under Docker: stops the containers, or with `volumes` destroys the stack and all it holds; tells whether there was anything.
 *
 * @throws UserError where Pulumi could not destroy all of it.
 */
async function downDocker(stack: string, volumes: boolean): Promise<boolean> {
  const configFile = dockerConfigFile(stack);
  const running = await runningStack(stack).catch(() => undefined);
  if (volumes) {
    if (!fs.existsSync(configFile) || !stackExists(stack)) return false;
    const of = ["--stack", stack, "--config-file", configFile];
    if ((await pulumi(["destroy", "--yes", "--skip-preview", ...of])) === 0) return true;
    throw new UserError(
      `Not all of stack ${stack} is removed: see above. What holds topics, buckets or checks has to answer for that. ` +
        `Once it does (npm run heal -- --stack ${stack}), run this again: it goes on where it stopped.`,
    );
  }
  if (running?.target !== "docker") return false;
  const names = (await services(running)).filter(({ state }) => state !== "exited").map(({ name }) => name);
  if (names.some(isService)) {
    process.stdout.write(
      `A Swarm starts again what is stopped. To remove the services of stack ${stack}: npm run down -- --stack ${stack} --volumes (the volumes on the nodes stay)\n`,
    );
    return true;
  }
  if (names.length > 0) {
    process.stdout.write(`Stopping ${names.length} containers of stack ${stack} ...\n`);
    const brokers = names.filter((name) => /kafka\d+$/.test(name));
    for (const wave of [names.filter((name) => !brokers.includes(name)), brokers])
      spawnSync("docker", ["stop", ...wave], { stdio: "ignore" });
  }
  process.stdout.write(
    "Down. Its volumes and state stay, and `npm run up` starts it again; remove all with: npm run down -- --volumes\n",
  );
  return true;
}
