import * as fs from "node:fs";
import * as http from "node:http";
import * as querystring from "node:querystring";
import { type ContainerStatus } from "./containers/running";

/** What a running supervisor says of itself. */
export interface SupervisorStatus {
  pid: number;
  stack: string;
  /** `starting` until all is up. */
  phase: "starting" | "up" | "stopping";
  services: ContainerStatus[];
  /** Containers without a driver. */
  leftOut: string[];
}

/** What a supervisor can be asked to do with one container. */
export const containerActions = ["kill", "stop", "start", "restart"] as const;
export type ContainerAction = (typeof containerActions)[number];

/** What the control socket reaches. */
export interface Controlled {
  status(): SupervisorStatus;
  stop(): void;
  act(container: string, action: ContainerAction): Promise<void>;
}

/** Serves the control socket: `GET /`, `POST /stop`, `POST /containers/NAME/ACTION`. Only the user who started the run may open it. */
export async function serveControl(socket: string, controlled: Controlled): Promise<http.Server> {
  fs.rmSync(socket, { force: true });
  const server = http.createServer((request, response) => {
    const answer = (code: number, body: unknown) =>
      response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
    const [, first, name = "", action] = (request.url ?? "/").split("/");
    if (request.method === "GET") return void answer(200, controlled.status());
    if (first === "stop") {
      controlled.stop();
      return void answer(202, {});
    }
    const known = containerActions.find((one) => one === action);
    if (first !== "containers" || !known) return void answer(404, { error: "no such call" });
    controlled.act(querystring.unescape(name), known).then(
      () => answer(200, {}),
      (error: unknown) => answer(409, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => {
      resolve();
    });
  });
  fs.chmodSync(socket, 0o600);
  return server;
}

function call(socket: string, method: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // A connection of its own: one that is kept may be closed by the supervisor just when it's used again.
    const options = { socketPath: socket, method, path, timeout: 120_000, agent: false };
    const request = http.request(options, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => {
        const body = JSON.parse(text) as { error?: string };
        if ((response.statusCode ?? 500) >= 400) reject(new Error(body.error ?? text));
        else resolve(body);
      });
    });
    request.once("error", reject);
    request.once("timeout", () => request.destroy(new Error(`${socket} did not answer within 120 s`)));
    request.end();
  });
}

/** Status of the supervisor behind a socket, or undefined where none runs. */
export async function supervisorStatus(socket: string): Promise<SupervisorStatus | undefined> {
  try {
    return (await call(socket, "GET", "/")) as SupervisorStatus;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return undefined;
    throw error;
  }
}

/** Asks a supervisor to end all in order; it answers at once. */
export async function askToStop(socket: string): Promise<void> {
  await call(socket, "POST", "/stop");
}

/** Kills, stops, starts or restarts one container. @throws Error where there is no such container. */
export async function actOn(socket: string, container: string, action: ContainerAction): Promise<void> {
  await call(socket, "POST", `/containers/${encodeURIComponent(container)}/${action}`);
}
