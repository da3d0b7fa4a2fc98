import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type OnWait, withLock } from "./lock";

/**
 * Folder that holds what every clone on this machine shares: `$WEATHER_CACHE`, else `pulumi-weather-pipeline` in
 * `$XDG_CACHE_HOME`, else in `~/.cache`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const { WEATHER_CACHE: own, XDG_CACHE_HOME: caches } = env;
  if (own) return path.resolve(own);
  return path.join(caches || path.join(env["HOME"] || os.homedir(), ".cache"), "pulumi-weather-pipeline");
}

/** A folder of the cache. */
export interface CacheItem {
  /** The folder's name: what it is and its version. */
  item: string;
  /** Path within the folder of a file without which the item is of no use. */
  proof: string;
}

/** The item's folder, or undefined where the cache doesn't hold it. */
export function cached(cache: string, { item, proof }: CacheItem): string | undefined {
  const folder = path.join(cache, item);
  return existsSync(path.join(folder, proof)) ? folder : undefined;
}

/**
 * The item's folder, made first where the cache doesn't hold it: beside its place and moved there once it is whole, by one
 * process at a time.
 *
 * @param make Fills the empty folder given to it.
 * @throws what `make` throws; nothing of the item is left then.
 */
export async function obtain(
  cache: string,
  wanted: CacheItem,
  make: (folder: string) => Promise<void>,
  onWait?: OnWait,
  signal?: AbortSignal,
): Promise<string> {
  const held = cached(cache, wanted);
  if (held !== undefined) return held;
  await fs.mkdir(cache, { recursive: true });
  const work = async (): Promise<string> => {
    const madeMeanwhile = cached(cache, wanted);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    const folder = path.join(cache, wanted.item);
    // What a killed run left may still be written to by programs that it had started: never build in the same place.
    const buildings = `.${wanted.item}.building-`;
    const leftovers = (await fs.readdir(cache)).filter((name) => name.startsWith(buildings));
    for (const name of [wanted.item, ...leftovers])
      await fs.rm(path.join(cache, name), { recursive: true, force: true });
    const building = path.join(cache, `${buildings}${process.pid}`);
    try {
      await fs.mkdir(building);
      await make(building);
      await fs.access(path.join(building, wanted.proof));
      await fs.rename(building, folder);
    } catch (error) {
      await fs.rm(building, { recursive: true, force: true });
      throw error;
    }
    return folder;
  };
  return withLock(path.join(cache, `.${wanted.item}.lock`), work, onWait, signal);
}
