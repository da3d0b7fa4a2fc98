import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";

export const projectRoot = path.resolve(__dirname, "../..");

/** What a command printed and how it ended. */
export interface Finished {
  code: number;
  output: string;
}

/** A state folder of the test's own, so that a run of the user's in the same clone is left alone. */
export function temporaryState(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "weather-test-"));
}

/** Runs an npm script's command as the user would, with its state in `state`. */
export function run(state: string, command: string, args: readonly string[] = []): Promise<Finished> {
  return finished(process.execPath, [path.join("commands", "run.mjs"), command, ...args], {
    cwd: projectRoot,
    env: { ...process.env, WEATHER_STATE: state },
  });
}

/** Runs a program to its end. */
export function finished(
  program: string,
  args: readonly string[],
  where: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Finished> {
  const child = spawn(program, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      // What goes on in the background may still hold the pipes.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code: code ?? 1, output });
      }, 50);
    });
  });
}

/** So many ports that are free now on 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve) => {
          const server = net.createServer().listen(0, "127.0.0.1", () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A first port such that it and those that lie 10000, 20000, 30000 and 40000 above are free: a trio may grow to five. */
export async function freeBrokerPort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const first = 10_000 + Math.floor(Math.random() * 15_000);
    const free = await Promise.all([0, 1, 2, 3, 4].map((broker) => isFree(first + broker * 10_000)));
    if (free.every(Boolean)) return first;
  }
  throw new Error("no free ports for five brokers");
}

/** Whether nothing listens at the port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}

/** Asks again until the answer passes, and returns it. @throws Error with the last answer when time is up. */
export async function eventually<T>(
  ask: () => Promise<T>,
  passes: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      last = answer;
      if (passes(answer)) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline)
      throw new Error(
        `not within ${withinMs} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
