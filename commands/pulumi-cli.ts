import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../embedded/stack-config";
import { weatherFolder } from "../embedded/folder";
import { projectRoot } from "./arguments";

/**
 * Environment of the Pulumi CLI: as it is, where the user has chosen a backend; else a file backend and a passphrase of its own in
 * the project's ignored `.weather` folder.
 */
export function pulumiEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  if (environment["PULUMI_BACKEND_URL"] === undefined && !isLoggedIn()) {
    const folder = path.join(weatherFolder(projectRoot), "pulumi");
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    environment["PULUMI_BACKEND_URL"] = `file://${folder}`;
  }
  if (
    environment["PULUMI_CONFIG_PASSPHRASE"] === undefined &&
    environment["PULUMI_CONFIG_PASSPHRASE_FILE"] === undefined
  ) {
    const file = path.join(weatherFolder(projectRoot), "passphrase");
    if (!fs.existsSync(file)) {
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      fs.writeFileSync(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
    }
    environment["PULUMI_CONFIG_PASSPHRASE_FILE"] = file;
  }
  return environment;
}

function isLoggedIn(): boolean {
  const home = process.env["PULUMI_HOME"] ?? path.join(os.homedir(), ".pulumi");
  try {
    const { current } = JSON.parse(fs.readFileSync(path.join(home, "credentials.json"), "utf8")) as {
      current?: string;
    };
    return current !== undefined && current !== "";
  } catch {
    return false;
  }
}

/** Runs the Pulumi CLI in the terminal; resolves with its exit code. */
export function pulumi(args: string[]): Promise<number> {
  const child = spawn("pulumi", args, { cwd: projectRoot, env: pulumiEnvironment(), stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
}

/** Output of the Pulumi CLI. @throws UserError with what it printed, where it fails. */
export function pulumiOutput(args: string[]): string {
  const { status, stdout, stderr } = spawnSync("pulumi", args, {
    cwd: projectRoot,
    env: pulumiEnvironment(),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new UserError(`pulumi ${args[0] ?? ""} failed:\n${(stderr || stdout).trim()}`);
  return stdout;
}

/** Whether the stack exists in the chosen backend. */
export function stackExists(stack: string): boolean {
  const stacks = JSON.parse(pulumiOutput(["stack", "ls", "--json"])) as { name: string }[];
  return stacks.some(({ name }) => name === stack || name.endsWith(`/${stack}`));
}
