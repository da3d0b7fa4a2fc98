import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as path from "node:path";
import { type Driver, type ProgramCommand } from "../drivers/driver";
import { type ProcessBook, signalGroup } from "../processes";
import { PortForward } from "./forward";
import { type PlacedContainer } from "./place";

/** How a container is, as Docker would say it. */
export interface ContainerStatus {
  name: string;
  state: "starting" | "running" | "restarting" | "exited";
  /** What its probe says; undefined where it has none. */
  healthy: boolean | undefined;
  restarts: number;
  pid: number | undefined;
  /** Published addresses. */
  endpoints: string[];
}

/** Docker's own: 100 ms, doubled at each restart up to a minute, and forgotten after 10 s of running. */
const restartDelay = { firstMs: 100, mostMs: 60_000, forgottenAfterMs: 10_000 };

/** A log grows to this size and is then set aside once, as Docker's max-size and max-file do. */
const logLimitBytes = 10 * 1024 * 1024;

/** How often a running program's log is measured. */
const logCheckMs = 5_000;

/** A container's program as a local process, with Docker's restart policy, its probe, its published ports and its log. */
export class RunningContainer {
  private child: ChildProcess | undefined;
  private state: ContainerStatus["state"] = "starting";
  private healthy = false;
  private restarts = 0;
  private delayMs = restartDelay.firstMs;
  private wanted = true;
  private launching = false;
  /** Counts the stops: what was under way before one must not go on after it. */
  private stops = 0;
  private timer: NodeJS.Timeout | undefined;
  private probing: NodeJS.Timeout | undefined;
  private forwards: PortForward[] = [];
  private ended: Promise<void> = Promise.resolve();
  private readonly log: string;

  constructor(
    readonly container: PlacedContainer,
    private readonly driver: Driver,
    private readonly book: ProcessBook,
  ) {
    this.log = path.join(container.folder, "log");
  }

  status(): ContainerStatus {
    return {
      name: this.container.name,
      state: this.state,
      healthy: this.container.probe ? this.healthy && this.state === "running" : undefined,
      restarts: this.restarts,
      pid: this.child?.pid,
      endpoints: this.container.ports.map(({ address, host }) => `${address}:${host}`),
    };
  }

  /**
   * Opens the ports and starts the program; one that waits for its restart is started at once, one that runs is left as it is.
   *
   * @throws Error where a port is taken or a step before the program fails.
   */
  async start(): Promise<void> {
    if (this.child || this.launching) return;
    clearTimeout(this.timer);
    this.wanted = true;
    await this.launch();
    if (this.container.probe && !this.probing) this.probe();
  }

  /** Ends the program in order, or at once with `SIGKILL`, and closes its ports. Killed after its own stop time, or `mostSeconds` if less. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM", mostSeconds = Infinity): Promise<void> {
    this.wanted = false;
    this.launching = false;
    this.stops++;
    clearTimeout(this.timer);
    clearTimeout(this.probing);
    this.probing = undefined;
    const pid = this.child?.pid;
    if (pid !== undefined) {
      signalGroup(pid, signal);
      const kill = setTimeout(
        () => {
          signalGroup(pid, "SIGKILL");
        },
        Math.min(this.container.stopSeconds, mostSeconds) * 1_000,
      );
      await this.ended;
      clearTimeout(kill);
    }
    await Promise.all(this.forwards.map((forward) => forward.close()));
    this.forwards = [];
    this.state = "exited";
  }

  /** Kills the program as a fault would; the restart policy then applies. */
  kill(): void {
    if (this.child?.pid !== undefined) signalGroup(this.child.pid, "SIGKILL");
  }

  private async launch(): Promise<void> {
    const { stops } = this;
    this.launching = true;
    this.state = this.restarts === 0 ? "starting" : "restarting";
    try {
      await this.openPorts();
      const command = await this.driver.start(this.container, {
        toEnd: (step) => this.stepToEnd(step),
        during: (step, work) => this.stepDuring(step, work),
      });
      if (stops === this.stops) this.run(command);
    } catch (error) {
      if (stops === this.stops) this.state = "exited";
      throw error;
    } finally {
      if (stops === this.stops) this.launching = false;
    }
  }

  private async openPorts(): Promise<void> {
    if (this.forwards.length > 0) return;
    for (const { address, host, container } of this.container.ports) {
      this.forwards.push(
        await PortForward.open(
          { host: address, port: host },
          { host: this.container.address, port: container },
        ),
      );
    }
  }

  private run(command: ProgramCommand): void {
    const startedAt = Date.now();
    const child = this.spawn(command);
    this.child = child;
    this.state = "running";
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.child = undefined;
        this.healthy = false;
        this.note(`ended with ${signal ?? `code ${String(code)}`}`);
        resolve();
        this.afterEnd(code ?? 1, Date.now() - startedAt);
      });
    });
  }

  private afterEnd(code: number, ranMs: number): void {
    const { restart } = this.container;
    if (!this.wanted || restart === "no" || (restart === "on-failure" && code === 0)) {
      this.state = "exited";
      return;
    }
    if (ranMs >= restartDelay.forgottenAfterMs) this.delayMs = restartDelay.firstMs;
    this.state = "restarting";
    this.restarts++;
    const { stops } = this;
    this.timer = setTimeout(() => {
      this.launch().catch((error: unknown) => {
        if (stops !== this.stops) return;
        this.note(error instanceof Error ? error.message : String(error));
        this.afterEnd(1, 0);
      });
    }, this.delayMs);
    this.delayMs = Math.min(this.delayMs * 2, restartDelay.mostMs);
  }

  private spawn({ file, args, environment }: ProgramCommand): ChildProcess {
    boundLog(this.log);
    const log = fs.openSync(this.log, "a");
    const { PATH, HOME, TMPDIR } = process.env;
    // A group of its own: Ctrl-C in the terminal reaches the supervisor alone, which then ends all in order.
    const child = spawn(file, args, {
      cwd: this.container.folder,
      env: { PATH, HOME, TMPDIR, ...environment },
      stdio: ["ignore", log, log],
      detached: true,
    });
    fs.closeSync(log);
    child.on("error", (error) => {
      this.note(`${file}: ${error.message}`);
    });
    if (child.pid !== undefined) this.book.add(child.pid);
    const measuring = setInterval(() => {
      boundLog(this.log);
    }, logCheckMs);
    child.once("close", () => {
      clearInterval(measuring);
    });
    return child;
  }

  private async stepToEnd(command: ProgramCommand): Promise<number> {
    return (await this.closed((this.child = this.spawn(command)))) ?? 1;
  }

  private async stepDuring(command: ProgramCommand, work: () => Promise<void>): Promise<void> {
    const child = (this.child = this.spawn(command));
    const closed = this.closed(child);
    try {
      const early = closed.then(() => {
        throw new Error(
          `${this.container.name}: ${path.basename(command.file)} ended before its set-up was done; see ${this.log}`,
        );
      });
      await Promise.race([work(), early]);
    } finally {
      child.kill("SIGTERM");
      await closed;
    }
  }

  private async closed(child: ChildProcess): Promise<number | null> {
    this.ended = new Promise((resolve) =>
      child.once("close", () => {
        resolve();
      }),
    );
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    this.child = undefined;
    return code;
  }

  private note(text: string): void {
    fs.appendFileSync(this.log, `[weather] ${text}\n`);
  }

  /** Every 250 ms until it is healthy, then every 2 s. */
  private probe(): void {
    const { probe, address } = this.container;
    if (!probe) return;
    const { stops } = this;
    const answers =
      probe.kind === "tcp"
        ? connects(address, probe.port)
        : answersOk(`${probe.kind}://${address}:${probe.port}${probe.path}`);
    void answers.then((healthy) => {
      if (stops !== this.stops) return;
      this.healthy = healthy;
      this.probing = setTimeout(
        () => {
          this.probe();
        },
        healthy ? 2_000 : 250,
      );
    });
  }
}

/**
 * Sets a log aside that has grown too large, and lets it begin anew.
 *
 * It's copied and emptied, not renamed: the program goes on writing into the file that it was given, at its end.
 */
export function boundLog(log: string, limitBytes = logLimitBytes): void {
  if ((fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0) <= limitBytes) return;
  fs.copyFileSync(log, `${log}.1`);
  fs.truncateSync(log);
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 2_000 });
    const end = (healthy: boolean) => {
      socket.destroy();
      resolve(healthy);
    };
    socket
      .once("connect", () => {
        end(true);
      })
      .once("error", () => {
        end(false);
      })
      .once("timeout", () => {
        end(false);
      });
  });
}

/** Whether `GET` is answered with 200. Whose certificate it is isn't asked: the program is this run's own. */
function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { get } = url.startsWith("https:") ? https : http;
    get(url, { signal: AbortSignal.timeout(5_000), agent: false, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).once("error", () => {
      resolve(false);
    });
  });
}
