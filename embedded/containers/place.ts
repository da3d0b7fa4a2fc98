import * as fs from "node:fs";
import * as path from "node:path";
import { type StateFolder } from "../folder";
import { type ContainerSpec } from "./spec";

/** A container's spec put onto this machine: its names are addresses, its paths are folders. */
export interface PlacedContainer extends ContainerSpec {
  /** Loopback address of its own. */
  address: string;
  /** Folder of its own, for what the driver writes. */
  folder: string;
  /** The machine's path of a path in the container. */
  hostPath: (containerPath: string) => string;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * Gives every hostname a loopback address, and turns names and paths of containers into those of this machine.
 *
 * Text is replaced where a program would look something up: a name before its port, `0.0.0.0` as the address to listen at, and the
 * paths of the container's own files and volumes. It serves JVM, Go and Node programs alike.
 */
export class AddressBook {
  private readonly addresses = new Map<string, string>();
  private next = 1;

  constructor(private readonly prefix: string) {}

  /** Address of a container that all its hostnames share. Hostnames may be asked for before their container exists. */
  addressOf(hostnames: readonly string[]): string {
    const known = hostnames
      .map((hostname) => this.addresses.get(hostname))
      .find((address) => address !== undefined);
    const address = known ?? `${this.prefix}.${this.next++}`;
    for (const hostname of hostnames) this.addresses.set(hostname, address);
    return address;
  }

  /** The address that stands for a hostname here, if it's one of a container's. */
  known(hostname: string): string[] {
    const address = this.addresses.get(hostname);
    return address === undefined ? [] : [address];
  }

  /** The text with `hostname:port` of every known container made `address:port`. */
  resolve(text: string): string {
    if (this.addresses.size === 0) return text;
    const names = [...this.addresses.keys()].sort((a, b) => b.length - a.length).map(escaped);
    const pattern = new RegExp(`(?<![\\w.-])(${names.join("|")})(?=:\\d)`, "g");
    return text.replace(pattern, (name) => this.addresses.get(name) ?? name);
  }

  /** {@link resolve} in all texts of a value. */
  resolveIn<T>(value: T): T {
    if (typeof value === "string") return this.resolve(value) as T;
    if (Array.isArray(value)) return value.map((item: unknown) => this.resolveIn(item)) as T;
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, this.resolveIn(item as unknown)]),
      ) as T;
    }
    return value;
  }

  /** Writes the container's files into its folder and returns it with everything resolved. */
  place(spec: ContainerSpec, state: StateFolder): PlacedContainer {
    const address = this.addressOf(spec.hostnames);
    const folder = path.join(state.containers, spec.name);
    const root = path.join(folder, "root");
    // Files of an earlier run that are no longer declared must not be found.
    fs.rmSync(root, { recursive: true, force: true });
    fs.mkdirSync(root, { recursive: true });

    const mapped = [
      ...spec.volumes.map(({ volume, path: at }) => ({ from: at, to: volumeFolder(state, volume) })),
      ...spec.files.map((file) => ({ from: file.path, to: path.join(root, file.path) })),
      // Some programs are told the folder, not the file.
      ...new Set(spec.files.map((file) => path.dirname(file.path)).filter((at) => at !== "/")),
    ]
      .map((item) => (typeof item === "string" ? { from: item, to: path.join(root, item) } : item))
      .sort((a, b) => b.from.length - a.from.length);
    for (const { volume } of spec.volumes) fs.mkdirSync(volumeFolder(state, volume), { recursive: true });

    // One pass, longest path first: what was replaced is never looked at again.
    const paths = mapped.map(({ from }) => escaped(from)).join("|") || "(?!)";
    const wholePath = new RegExp(`(?<![\\w.-])(?:${paths})(?![\\w-]|\\.\\w)`, "g");
    const hostPathOf = new Map(mapped.map(({ from, to }) => [from, to]));
    const withHostPaths = (text: string) => text.replace(wholePath, (at) => hostPathOf.get(at) ?? at);
    const local = (text: string): string =>
      this.resolve(withHostPaths(text)).replace(/(?<![\d.])0\.0\.0\.0(?![\d.])/g, address);
    const files = spec.files.map((file) => ({ ...file, content: local(file.content) }));
    for (const file of files) {
      const at = path.join(root, file.path);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      fs.writeFileSync(at, file.content, { mode: 0o400 });
    }
    return {
      ...spec,
      address,
      folder,
      files,
      command: spec.command.map(local),
      environment: Object.fromEntries(
        Object.entries(spec.environment).map(([key, value]) => [key, local(value)]),
      ),
      hostPath: (at) => {
        const mounted = withHostPaths(at);
        return mounted === at ? path.join(root, at) : mounted;
      },
    };
  }
}

/** A volume's folder: below the state's, unless it is a folder of the machine's own. */
function volumeFolder(state: StateFolder, volume: string): string {
  return path.isAbsolute(volume) ? volume : path.join(state.volumes, volume);
}
