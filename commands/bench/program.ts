import { type ChildProcess, spawn } from "node:child_process";
import * as http from "node:http";
import * as path from "node:path";
import * as readline from "node:readline";
import { bundle } from "../../components/apps/bundle";
import { pinnedImages } from "../../components/workload/images";
import { projectRoot } from "../arguments";
import { sleep } from "../../apps/shared/retry";
import { type Servers } from "./servers";

/** How long a program may take to end in order. */
const endWithinMs = 10_000;

/** How often its figures are asked for while something is waited for. */
const lookEveryMs = 50;

/** One of the pipeline's programs as its image runs it: the bundle, with a configuration of the measurement's own. */
export class Program {
  #lastLine = "";
  /** Events it has logged, by message: when the first came, by `performance.now()`. */
  readonly #logged = new Map<string, number>();

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {
    if (!child.stdout) throw new Error(`${name} has no output`);
    readline.createInterface(child.stdout).on("line", (line) => {
      this.#lastLine = line;
      const message = /"message":"([^"]*)"/.exec(line)?.[1] ?? line;
      if (!this.#logged.has(message)) this.#logged.set(message, performance.now());
    });
    child.stderr?.on("data", (chunk: Buffer) => (this.#lastLine = chunk.toString()));
  }

  /** Starts a program; its /metrics are at the port. */
  static start(
    name: "producer" | "consumer" | "inject",
    servers: Pick<Servers, "write">,
    config: object,
    port: number,
    signal: AbortSignal,
  ): Program {
    const { contextFolder } = bundle(path.join(projectRoot, "apps", name, "main.ts"), pinnedImages.node);
    const file = servers.write(
      `${name}-${port}.json`,
      JSON.stringify({ ...config, http: { host: "127.0.0.1", port } }),
    );
    const child = spawn(process.execPath, [path.join(contextFolder, "app.js"), file], {
      cwd: projectRoot,
      env: { PATH: process.env["PATH"], NODE_ENV: "production" },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    child.on("error", () => undefined);
    return new Program(name, child, port);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** When it first logged this. @throws Error where it ends, or the signal is aborted, before. */
  async logged(message: string, signal: AbortSignal): Promise<number> {
    for (;;) {
      const at = this.#logged.get(message);
      if (at !== undefined) return at;
      this.assertRuns(signal, `before it logged "${message}"`);
      await sleep(lookEveryMs, signal);
    }
  }

  /** Sum of a metric over all its labels that hold the text. */
  async metric(name: string, label = ""): Promise<number> {
    return sumOfMetric(await textAt(`http://127.0.0.1:${this.port}/metrics`), name, label);
  }

  /** Waits until a metric reaches a value; returns when that was seen, by `performance.now()`. */
  async reaches(name: string, value: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const now = await this.metric(name);
      if (now >= value) return performance.now();
      this.assertRuns(signal, `when ${name} was ${now} of ${value}`);
      await sleep(lookEveryMs, signal);
    }
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    const kill = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
    await gone;
    clearTimeout(kill);
  }

  private assertRuns(signal: AbortSignal, when: string): void {
    if (signal.aborted) throw new Error(`time was up ${when} (${this.name})`);
    if (this.child.exitCode !== null || this.child.signalCode !== null)
      throw new Error(`${this.name} ended ${when}: ${this.#lastLine.trim()}`);
  }
}

/** By a connection of its own: one that is kept may be closed by a busy program just when it's used again. */
function textAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("end", () => {
          resolve(text);
        });
      })
      .once("error", reject);
  });
}

/** Sum of a metric's samples in Prometheus' text whose labels hold `label`. */
export function sumOfMetric(text: string, name: string, label = ""): number {
  let sum = 0;
  for (const line of text.split("\n")) {
    const [, labels = "", value] = /^\w+(\{.*\})? (\S+)$/.exec(line) ?? [];
    if (
      value !== undefined &&
      line.startsWith(name) &&
      /^[{ ]/.test(line.slice(name.length)) &&
      labels.includes(label)
    )
      sum += Number(value);
  }
  return sum;
}
