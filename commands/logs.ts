import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { stateFolder } from "../embedded/folder";
import { supervisorStatus } from "../embedded/control";
import { UserError } from "../embedded/stack-config";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { runningStack } from "./live/outputs";
import { services } from "./live/services";
import { isService } from "./live/swarm";

const usage = "npm run logs -- NAME [--stack dev] [--follow] [--lines 200]";

runCommand(async () => {
  const { values, positionals } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    follow: { type: "boolean", short: "f", default: false },
    lines: { type: "string", default: "200" },
  });
  const [name] = positionals;
  const state = stateFolder(projectRoot, values.stack);
  const embedded =
    (await supervisorStatus(state.socket)) !== undefined ||
    (fs.existsSync(state.containers) &&
      (await runningStack(values.stack).catch(() => undefined)) === undefined);
  const names = embedded
    ? fs.readdirSync(state.containers).sort()
    : (await services(await runningStack(values.stack))).map((service) => service.name);
  const found = names.find((candidate) => candidate === name || candidate.endsWith(`-${name ?? ""}`));
  if (name === undefined || found === undefined)
    throw new UserError(
      `${name === undefined ? usage : `There is no log of ${name}.`}\nThere are logs of: ${names.join(", ")}`,
    );

  const follow = values.follow ? ["--follow"] : [];
  const child = embedded
    ? spawn("tail", ["--lines", values.lines, ...follow, path.join(state.containers, found, "log")], {
        stdio: "inherit",
      })
    : spawn(
        "docker",
        [...(isService(found) ? ["service"] : []), "logs", "--tail", values.lines, ...follow, found],
        { stdio: "inherit" },
      );
  return new Promise<number>((resolve) =>
    child.once("close", (code) => {
      resolve(code ?? 1);
    }),
  );
});
