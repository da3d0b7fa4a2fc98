import { execFile } from "node:child_process";
import { accessSync, constants, readFileSync, realpathSync, statSync } from "node:fs";
import * as path from "node:path";
import { UserError } from "../stack-config";

/** A program that has to be on this machine already. */
export type ToolName = "java" | "mvn" | "go" | "gcc" | "cargo";

/** Path of a program by its name, or undefined where there is none. */
export type FindTool = (name: ToolName) => string | undefined;

export interface ToolNeed {
  tool: ToolName;
  /** What it is needed for: `to run Kafka`. */
  purpose: string;
  /** Least version, such as `1.25.10`. Default: any. */
  atLeast?: string;
}

export interface MissingTool {
  tool: ToolName;
  /** Why it doesn't do: not found, too old, or doesn't run. */
  reason: string;
  purposes: string[];
}

/** Debian's packages, and what to know about them. */
const debian: Record<ToolName, { packages: string; note?: string }> = {
  java: { packages: "default-jre-headless" },
  mvn: { packages: "maven" },
  go: {
    packages: "golang-go",
    note: "Debian 13 or backports: any Go of 1.21 or later fetches the version it needs itself after `go env -w GOTOOLCHAIN=auto`",
  },
  gcc: { packages: "gcc libc6-dev" },
  cargo: { packages: "cargo", note: "on Debian 12 cargo-web, which is newer; rustup's does as well" },
};

/** Every tool that is missing, named at once with the way to get it. Nothing has been started. */
export class MissingToolsError extends UserError {
  constructor(readonly missing: readonly MissingTool[]) {
    super(
      [
        "The embedded run needs tools that this machine lacks:",
        ...missing.map(({ tool, reason, purposes }) => {
          const { note } = debian[tool];
          return `  ${tool}: ${reason}; needed ${purposes.join(" and ")}${note === undefined ? "" : ` (${note})`}`;
        }),
        `On Debian: apt-get install ${missing.map(({ tool }) => debian[tool].packages).join(" ")}`,
      ].join("\n"),
    );
    this.name = "MissingToolsError";
  }
}

/** Looks programs up in `PATH`, Java in `JAVA_HOME` first. */
export function toolFinder(env: NodeJS.ProcessEnv): FindTool {
  return (name) => {
    const home = name === "java" && env["JAVA_HOME"] ? [path.join(env["JAVA_HOME"], "bin")] : [];
    return [...home, ...(env["PATH"] ?? "").split(path.delimiter)]
      .filter((folder) => folder !== "")
      .map((folder) => path.join(folder, name))
      .find(isProgram);
  };
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Makes sure that every tool is there and new enough.
 *
 * @throws MissingToolsError that names all that aren't.
 */
export async function requireTools(
  needs: readonly ToolNeed[],
  findTool: FindTool,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const tools = [...new Set(needs.map(({ tool }) => tool))];
  const faults = await Promise.all(
    tools.map(async (tool): Promise<MissingTool[]> => {
      const needed = needs.filter((need) => need.tool === tool);
      const leasts = needed.flatMap(({ atLeast }) => atLeast ?? []).sort(compareVersions);
      const reason = await shortfall(tool, findTool(tool), leasts.at(-1), env);
      const purposes = [...new Set(needed.map(({ purpose }) => purpose))];
      return reason === undefined ? [] : [{ tool, reason, purposes }];
    }),
  );
  if (faults.flat().length > 0) throw new MissingToolsError(faults.flat());
}

/** What is wrong with a tool, or undefined where it does. */
async function shortfall(
  tool: ToolName,
  file: string | undefined,
  atLeast: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (file === undefined) return atLeast === undefined ? "not found" : `not found (${atLeast} or later)`;
  if (atLeast === undefined) return undefined;
  try {
    const version = await versionOf(tool, file, env);
    if (version === undefined) return `${file} doesn't tell its version (${atLeast} or later)`;
    if (compareVersions(version, atLeast) >= 0) return undefined;
    if (tool === "go" && compareVersions(version, "1.21") >= 0) {
      const [toolchain] = await output(file, ["env", "GOTOOLCHAIN"], env);
      if (toolchain !== "local") return undefined;
    }
    return `${file} is ${version}, too old (${atLeast} or later)`;
  } catch (error) {
    return `${file} doesn't run: ${error instanceof Error ? error.message.trim().replaceAll("\n", " ") : String(error)}`;
  }
}

async function versionOf(tool: ToolName, file: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  switch (tool) {
    case "java":
      return parseJavaVersion(await javaIdentity(file, env));
    case "go":
      return /\bgo(\d+(?:\.\d+)*)/.exec((await output(file, ["version"], env)).join(" "))?.[1];
    default:
      return /(\d+(?:\.\d+)+)/.exec((await output(file, ["--version"], env)).join(" "))?.[1];
  }
}

/** What tells one Java from another: its `release` file, which spares starting it, or what `java -version` prints. */
export async function javaIdentity(java: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return readFileSync(path.join(path.dirname(realpathSync(java)), "..", "release"), "utf8");
  } catch {
    return (await output(java, ["-version"], env)).join("\n");
  }
}

/** The version in a JDK's `release` file or in what `java -version` prints. Java 8's `1.8.0_402` reads as 8.0. */
export function parseJavaVersion(text: string): string | undefined {
  const version = /(?:^JAVA_VERSION=|\bversion )"(\d+(?:\.\d+)*)/m.exec(text)?.[1];
  return version?.replace(/^1\.(?=\d)/, "");
}

/** Negative where the first is the older. `1.21` is older than `1.21.3`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Lines that a tool prints, on either channel. */
function output(file: string, args: string[], env: NodeJS.ProcessEnv): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve((stdout + stderr).trim().split("\n"));
    });
  });
}
