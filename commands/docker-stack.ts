import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { stackNames, UserError, withOverrides } from "../embedded/stack-config";
import { weatherFolder } from "../embedded/folder";
import { projectRoot } from "./arguments";
import { pulumiEnvironment, stackExists } from "./pulumi-cli";

interface StackFile {
  config?: Record<string, unknown>;
  encryptionsalt?: string;
  [key: string]: unknown;
}

/** Where the configuration that Pulumi is given stands: a copy, so that neither an override nor a salt gets into the tracked file. */
export function dockerConfigFile(stack: string): string {
  return path.join(weatherFolder(projectRoot), "pulumi-config", `Pulumi.${stack}.yaml`);
}

/**
 * Makes the stack in the chosen backend where it isn't there yet, and writes its configuration with the overrides laid over it.
 *
 * @param overrides values by path, such as `{ "inject.source": "simulate" }`.
 * @returns path of the configuration, for `--config-file`.
 */
export function prepareStack(stack: string, overrides: Record<string, unknown>): string {
  const original = path.join(projectRoot, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(original)) {
    throw new UserError(
      `There is no stack "${stack}": ${path.basename(original)} doesn't exist. The stacks are ${stackNames(projectRoot).join(", ")}.`,
    );
  }
  const copy = dockerConfigFile(stack);
  fs.mkdirSync(path.dirname(copy), { recursive: true, mode: 0o700 });
  const wanted = parse(fs.readFileSync(original, "utf8")) as StackFile;
  const before = fs.existsSync(copy) ? (parse(fs.readFileSync(copy, "utf8")) as StackFile) : {};
  const { name } = parse(fs.readFileSync(path.join(projectRoot, "Pulumi.yaml"), "utf8")) as { name: string };
  const config = withOverrides(name, wanted.config ?? {}, overrides);
  const salt = wanted.encryptionsalt ?? before.encryptionsalt;
  fs.writeFileSync(
    copy,
    stringify({ ...wanted, config, ...(salt !== undefined && { encryptionsalt: salt }) }),
    { mode: 0o600 },
  );

  if (!stackExists(stack)) {
    // From a folder of its own: `stack init` would write a salt into the tracked file.
    const folder = path.join(weatherFolder(projectRoot), "pulumi-init");
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ name, runtime: "nodejs" }));
    const { status, stderr } = spawnSync("pulumi", ["stack", "init", stack, "--no-select"], {
      cwd: folder,
      env: pulumiEnvironment(),
      encoding: "utf8",
    });
    if (status !== 0) throw new UserError(`pulumi stack init ${stack} failed:\n${stderr.trim()}`);
  }
  return copy;
}
