import * as fs from "node:fs/promises";
import * as path from "node:path";
import { goOutput } from "./build-output";
import { type Recipe, type RunStep } from "./recipe";
import { type ToolNeed } from "./toolchain";

/** A command of a Go module. */
export interface GoProgram {
  /** The item's name in the cache, and so the folder's. */
  item: string;
  /** Module path: `github.com/influxdata/telegraf`. */
  module: string;
  /** Module version: `v1.37.2`. */
  version: string;
  /** The command's package within the module; its last part names the program: `cmd/telegraf`. */
  command: string;
  tags: readonly string[];
  /** Variables set at link time, `package.name` to value. */
  linkedVariables: Record<string, string>;
  /** Least Go version: the one in the module's go.mod. */
  goVersion: string;
  /** Further tools. */
  tools?: readonly ToolNeed[];
  /**
   * What to do in the module's folder before the build; returns what the build's environment needs besides. The folder
   * `helpers` in it is gone after the build.
   */
  prepare?: (folder: string, run: RunStep, env: NodeJS.ProcessEnv) => Promise<Record<string, string>>;
}

/** Builds the command out of a module of ours that requires the program's, so that go.sum vouches for all of it. */
export function goProgramRecipe(program: GoProgram): Recipe {
  const { item, module, version, command, goVersion } = program;
  const name = path.basename(command);
  const purpose = `to build ${item}`;
  return {
    item,
    proof: name,
    tools: [{ tool: "go", purpose, atLeast: goVersion }, ...(program.tools ?? [])],
    make: async (folder, run, { env }) => {
      await fs.writeFile(
        path.join(folder, "go.mod"),
        `module weather/${name}\n\ngo ${goVersion}\n\nrequire ${module} ${version}\n`,
      );
      const helpers = path.join(folder, "helpers");
      await fs.mkdir(helpers);
      const prepared = (await program.prepare?.(folder, run, env)) ?? {};
      const variables = Object.entries(program.linkedVariables).map(([key, value]) => `-X ${key}=${value}`);
      await goBuild(run, folder, name, `${module}/${command}`, {
        flags: ["-tags", program.tags.join(","), "-ldflags", ["-s -w", ...variables].join(" ")],
        env: prepared,
      });
      await fs.rm(helpers, { recursive: true });
    },
  };
}

/** Builds a package with the go.mod of the folder, which Go completes by itself. */
export async function goBuild(
  run: RunStep,
  folder: string,
  program: string,
  packagePath: string,
  { flags = [], env = {} }: { flags?: readonly string[]; env?: Record<string, string> } = {},
): Promise<void> {
  await run({
    phase: "resolving modules",
    command: "go",
    args: ["build", "-v", "-mod=mod", ...flags, "-o", program, packagePath],
    cwd: folder,
    // A workspace around the cache folder, or settings for another machine, are not meant for this build.
    env: { GOWORK: "off", GOOS: "", GOARCH: "", ...env },
    read: goOutput(),
  });
}
