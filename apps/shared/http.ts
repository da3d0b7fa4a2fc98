import { readFileSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type HttpServer } from "./config";
import { type Health } from "./health";
import { type Metrics } from "./metrics";

/** What a route answers. */
export interface Answer {
  readonly status: number;
  /** Text, or an object that is sent as JSON; a function writes the body itself, and ends it. */
  readonly body: string | object | ((response: ServerResponse) => void);
  /** Besides those every answer has. A `content-type` here takes the place of the usual one. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** No answer is to be taken for anything but its type, and no page linked from one learns its address. */
const everyAnswer = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" };

/** Answers one request; throwing answers 500 without telling the cause to the caller. */
export type Route = (request: IncomingMessage) => Answer | Promise<Answer>;

/** Routes by method and path, such as `"GET /state"`. */
export type Routes = ReadonlyMap<string, Route>;

/** `GET /healthz` (200, or 503 with the reason) and `GET /metrics` (Prometheus text). */
export function statusRoutes(health: Health, metrics: Metrics): [string, Route][] {
  return [
    [
      "GET /healthz",
      () => {
        const fault = health.fault();
        return fault === undefined ? { status: 200, body: "ok\n" } : { status: 503, body: `${fault}\n` };
      },
    ],
    ["GET /metrics", () => ({ status: 200, body: metrics.text() })],
  ];
}

/** Starts a server for the routes, by TLS (1.2 at least, Node's own default) where it has a certificate; anything else is answered 404, or 405 where only the method is wrong. */
export async function serve(
  { host, port, tls }: HttpServer,
  routes: Routes,
  onError: (error: unknown) => void,
): Promise<Server> {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = (request.url ?? "/").split("?")[0] ?? "/";
    const route = routes.get(`${request.method ?? "GET"} ${path}`);
    const answer = async (): Promise<Answer> => {
      if (route) return await route(request);
      const isKnownPath = [...routes.keys()].some((key) => key.endsWith(` ${path}`));
      return isKnownPath
        ? { status: 405, body: "method not allowed\n" }
        : { status: 404, body: "not found\n" };
    };
    answer()
      .catch((error: unknown): Answer => {
        onError(error);
        return { status: 500, body: "internal error\n" };
      })
      .then(({ status, body, headers }) => {
        const head = (own: OutgoingHttpHeaders) =>
          response.writeHead(status, { ...everyAnswer, ...own, ...headers });
        if (typeof body === "function") {
          body(head({}));
          return;
        }
        const [type, text] =
          typeof body === "string"
            ? ["text/plain; version=0.0.4; charset=utf-8", body]
            : ["application/json", JSON.stringify(body)];
        head({ "content-type": type, "content-length": Buffer.byteLength(text) }).end(text);
        // What is left of a refused body must not be read as the next request.
        if (!request.complete) request.socket.end();
      })
      .catch(onError);
  };
  const server = tls
    ? createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, listener)
    : createServer(listener);
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

/** The body as text, or undefined where it is longer than `limitBytes`. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early must not destroy the socket, or the refusal would not reach the caller.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
