import * as fs from "node:fs/promises";
import * as path from "node:path";
import { UserError } from "../stack-config";
import { type BuildStep, runStep } from "./build-step";
import { cached, cacheFolder, type CacheItem, obtain } from "./cache";
import { type AcquireProgress } from "./progress";
import { type FindTool, requireTools, toolFinder, type ToolNeed } from "./toolchain";

/** Where and with what a server is obtained. */
export interface AcquireOptions {
  /** Default: this process's own. */
  env?: NodeJS.ProcessEnv;
  /** Default: in `PATH`, and Java in `JAVA_HOME` first. */
  findTool?: FindTool;
  /** Ends the builds that go on. */
  signal?: AbortSignal;
}

/** The options with their defaults, and who is told. */
export interface Site {
  cache: string;
  env: NodeJS.ProcessEnv;
  findTool: FindTool;
  signal?: AbortSignal;
  progress: AcquireProgress;
}

/** How an item of the cache is made. */
export interface Recipe extends CacheItem {
  /** What making it takes; not asked for where the cache holds it. */
  tools: readonly ToolNeed[];
  /** Fills the folder by running steps. */
  make: (folder: string, run: RunStep, site: Site) => Promise<void>;
}

export type RunStep = (
  step: Pick<BuildStep, "command" | "args" | "cwd" | "phase" | "read" | "endAfter" | "limitMs"> & {
    /** Besides the site's own. `BUILD_LOG` is the log's path. */
    env?: Record<string, string>;
  },
) => Promise<void>;

export function siteOf(progress: AcquireProgress, options: AcquireOptions = {}): Site {
  const env = options.env ?? process.env;
  const { findTool = toolFinder(env), signal } = options;
  return { cache: cacheFolder(env), env, findTool, progress, ...(signal && { signal }) };
}

/**
 * Makes sure of the tools for all that the cache lacks, and of those needed in any case.
 *
 * @throws MissingToolsError that names every missing tool.
 */
export async function requireToolsFor(
  recipes: readonly Recipe[],
  inAnyCase: readonly ToolNeed[],
  site: Site,
): Promise<void> {
  const lacking = recipes.filter((recipe) => cached(site.cache, recipe) === undefined);
  await requireTools([...inAnyCase, ...lacking.flatMap(({ tools }) => tools)], site.findTool, site.env);
}

/**
 * The item's folder, made by its recipe where the cache lacks it. The log stays in `logs` of the cache.
 *
 * @throws BuildFailedError where a step fails; UserError where the cache's disk is full.
 */
export async function follow(recipe: Recipe, site: Site): Promise<string> {
  const { item } = recipe;
  const { cache, progress, signal } = site;
  const make = async (folder: string): Promise<void> => {
    const log = path.join(cache, "logs", `${item}.log`);
    await fs.mkdir(path.dirname(log), { recursive: true });
    await fs.writeFile(log, "");
    const startedMs = Date.now();
    const run: RunStep = (step) =>
      runStep(
        { ...step, item, log, env: { ...site.env, ...step.env, BUILD_LOG: log }, ...(signal && { signal }) },
        (status) => {
          progress({ item, ...status });
        },
      );
    await recipe.make(folder, run, site);
    progress({ item, phase: "ready", detail: `${Math.round((Date.now() - startedMs) / 1_000)} s` });
  };
  const onWait = (pid: number, waitedMs: number): void => {
    progress({ item, phase: `waiting for process ${pid}`, detail: `${Math.round(waitedMs / 1_000)} s` });
  };
  try {
    return await obtain(cache, recipe, make, onWait, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    throw new UserError(
      `${item} could not be obtained: the disk of ${cache} is full. Make room, or point WEATHER_CACHE at a larger one.`,
    );
  }
}

/**
 * The version in an image's tag: `2.9.1` of `2.9.1-alpine`.
 *
 * @throws UserError where the tag holds none, as `latest`.
 */
export function wholeVersion(server: string, tag: string): string {
  const version = /^v?(\d+\.\d+\.\d+)(?![.\d])/.exec(tag)?.[1];
  if (version === undefined) {
    throw new UserError(
      `The embedded run can't tell which ${server} "${tag}" is: give the image a whole version, such as 1.2.3.`,
    );
  }
  return version;
}
