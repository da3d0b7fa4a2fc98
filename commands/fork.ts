import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import * as path from "node:path";
import { projectRoot } from "./arguments";

/** Starts a TypeScript file of this project as a Node.js process of its own, with a channel to it. */
export function forkTypeScript(file: string, options: Omit<ForkOptions, "execArgv">): ChildProcess {
  return fork(path.join(projectRoot, file), [], {
    cwd: projectRoot,
    ...options,
    execArgv: ["--require", "tsx/cjs"],
  });
}
