import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { type PlacedContainer } from "../../embedded/containers/place";
import { type StateFolder, stateFolder } from "../../embedded/folder";

/** A folder of a test's own. */
export function scratchFolder(): string {
  return fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "weather-test-")));
}

/** A state folder below it, made. */
export function scratchState(folder: string): StateFolder {
  const state = stateFolder(folder, "test");
  fs.mkdirSync(state.root, { recursive: true });
  return state;
}

/** A port of 127.0.0.1 that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A placed container of nothing in particular. */
export function placedContainer(folder: string, change: Partial<PlacedContainer> = {}): PlacedContainer {
  fs.mkdirSync(folder, { recursive: true });
  return {
    ...{ name: "weather-test-thing", hostnames: ["thing"], image: "thing:1", command: [], environment: {} },
    ...{ files: [], volumes: [], ports: [], probe: undefined, restart: "unless-stopped", stopSeconds: 5 },
    ...{ address: "127.0.0.1", folder, hostPath: (at: string) => path.join(folder, "root", at) },
    ...change,
  };
}

/** Waits until something is so. @throws Error after 10 s. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

/** What a server says to whoever connects, or undefined where nobody does. */
export function said(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    net
      .connect({ host, port })
      .on("data", (chunk: Buffer) => (text += chunk.toString()))
      .on("error", () => {
        resolve(undefined);
      })
      .on("close", () => {
        resolve(text);
      });
  });
}
