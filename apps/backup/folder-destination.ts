import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import * as path from "node:path";
import { reasonOf } from "../shared/log";
import { type Destination, DestinationError, type StoredArchive } from "./destination";
import { backupsAmong } from "./retention";

/** Ends the name of a backup that isn't whole yet. */
const unfinished = ".partial";

/** A folder, made where it isn't there. A backup grows as `<file>.partial`, readable by its owner only. */
export function folderDestination(folder: string): Destination {
  const at = (file: string) => path.join(folder, file);
  const list = async (beginning: string): Promise<string[]> => {
    const files = await readdir(folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    });
    return files.filter((file) => file.startsWith(beginning));
  };
  return {
    place: folder,
    list,
    removeUnfinished: async (environment) => {
      const names = (await list(environment))
        .filter((file) => file.endsWith(unfinished))
        .map((file) => file.slice(0, -unfinished.length));
      for (const { file } of backupsAmong(names, environment)) await rm(at(file + unfinished));
    },
    begin: async (file) => {
      await mkdir(folder, { recursive: true });
      const growing = at(file + unfinished);
      const handle = await open(growing, "w", 0o600);
      return {
        name: at(file),
        write: (bytes) => handle.writeFile(bytes),
        end: async () => {
          await handle.sync();
          await handle.close();
        },
        read: () => readFile(growing),
        keep: () => rename(growing, at(file)),
        abandon: async () => {
          await handle.close().catch(() => undefined);
          await rm(growing, { force: true }).catch(() => undefined);
        },
      };
    },
    open: (file): StoredArchive => ({ name: at(file), read: () => readFile(at(file)) }),
    remove: (file) => rm(at(file), { force: true }),
  };
}

async function* readFile(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new DestinationError(`${file} can't be read: ${reasonOf(error)}`, { cause: error });
  }
}
