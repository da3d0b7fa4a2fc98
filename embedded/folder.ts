import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Where the embedded run of one stack keeps everything: below the project's ignored `.weather` folder. */
export interface StateFolder {
  root: string;
  /** One folder a volume, kept by `down`, removed by `down --volumes`. */
  volumes: string;
  /** One folder a container: its files and its log. */
  containers: string;
  /** Outputs of random and dynamic resources, secrets among them: mode 0600. */
  resources: string;
  /** Ids of all that was started, so that what outlives a crash can be ended. */
  processes: string;
  /** Stack outputs of the last run that came up: mode 0600. */
  outputs: string;
  /** Log of the supervisor itself. */
  log: string;
  /** Unix socket of the running supervisor. In the temporary folder, because a socket's path is limited to 107 bytes. */
  socket: string;
  /** First three numbers of the loopback addresses of this stack's containers. */
  addressPrefix: string;
}

/** Where this clone keeps all that isn't source: its ignored `.weather`, or `$WEATHER_STATE`. */
export function weatherFolder(projectRoot: string): string {
  return process.env["WEATHER_STATE"] ?? path.join(projectRoot, ".weather");
}

/** The state folder of a stack. Nothing is created yet. */
export function stateFolder(projectRoot: string, stack: string): StateFolder {
  const root = path.join(weatherFolder(projectRoot), stack);
  const hash = createHash("sha256").update(root).digest();
  return {
    root,
    volumes: path.join(root, "volumes"),
    containers: path.join(root, "containers"),
    resources: path.join(root, "resources.json"),
    processes: path.join(root, "processes.json"),
    outputs: path.join(root, "outputs.json"),
    log: path.join(root, "supervisor.log"),
    socket: path.join(os.tmpdir(), `weather-${hash.toString("hex").slice(0, 16)}.sock`),
    addressPrefix: `127.${64 + (hash.readUInt8(0) % 128)}.${hash.readUInt8(1)}`,
  };
}

/** Writes a file whole or not at all, readable by its owner only. */
export function writePrivate(file: string, text: string): void {
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, text, { mode: 0o600 });
  fs.renameSync(temporary, file);
}

/** The JSON in a file, or undefined where there is no such file. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
