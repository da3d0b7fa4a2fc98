import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { InfluxDB } from "@influxdata/influxdb-client";
import { HealthAPI, SetupAPI } from "@influxdata/influxdb-client-apis";

/** A running influxd of a test's own, set up with one organisation. */
export interface TestInfluxd {
  url: string;
  /** The operator's token, which may do everything. */
  token: string;
  org: string;
  /** Ends the process by its id and removes its data. */
  stop(): Promise<void>;
}

/** Where the binary lies that `embedded` builds and keeps. */
export function influxdBinary(): string {
  const cache =
    process.env["WEATHER_CACHE"] ??
    path.join(process.env["XDG_CACHE_HOME"] ?? path.join(homedir(), ".cache"), "pulumi-weather-pipeline");
  return path.join(cache, "influxd-2.9.1", "influxd");
}

/** Starts influxd on a free port of 127.0.0.1 with data in a temporary folder, and sets it up. */
export async function startInfluxd(): Promise<TestInfluxd> {
  const binary = influxdBinary();
  if (!existsSync(binary)) throw new Error(`There is no influxd at ${binary}: build it there first`);
  const folder = await mkdtemp(path.join(tmpdir(), "influxd-"));
  const port = await freePort();
  const process = spawn(
    binary,
    [
      `--http-bind-address=127.0.0.1:${port}`,
      `--bolt-path=${path.join(folder, "influxd.bolt")}`,
      `--sqlite-path=${path.join(folder, "influxd.sqlite")}`,
      `--engine-path=${path.join(folder, "engine")}`,
      "--reporting-disabled",
      "--log-level=error",
    ],
    { stdio: "ignore" },
  );
  const stop = async () => {
    await end(process);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(url, process);
    const setup = await new SetupAPI(new InfluxDB({ url })).postSetup({
      body: { username: "tester", password: "only-for-tests", org: "myorg", bucket: "first" },
    });
    return { url, token: setup.auth?.token ?? "", org: "myorg", stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A port of 127.0.0.1 that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
      });
    });
  });
}

async function untilHealthy(url: string, influxd: ChildProcess): Promise<void> {
  const health = new HealthAPI(new InfluxDB({ url, timeout: 1_000 }));
  for (let attempt = 0; attempt < 150; attempt++) {
    if (influxd.exitCode !== null) throw new Error(`influxd ended with ${influxd.exitCode} while starting`);
    const status = await health.getHealth().then(
      (answer) => answer.status,
      () => "fail",
    );
    if (status === "pass") return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`influxd at ${url} didn't become healthy within 30 s`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const killed = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(killed);
}
