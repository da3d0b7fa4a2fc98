import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

/** How a backup reaches InfluxDB: with the operator's token, since its backup API asks for all permissions. */
export interface InfluxdbServer {
  readonly url: string;
  readonly org: string;
  readonly token: string;
  /** PEM of the authority behind the server's certificate. Default: Node's own. */
  readonly ca?: string;
}

/** InfluxDB sends nothing for this long only where it is in trouble. */
const silentMs = 120_000;

/** A request to InfluxDB that the client library has no form for: one with a binary body or answer. */
export interface InfluxdbCall {
  readonly response: Promise<http.IncomingMessage>;
  readonly body: http.ClientRequest;
}

/** Begins a request; its body is to be written and ended. The response fails with what InfluxDB says where it isn't a success. */
export function callInfluxdb(
  { url, token, ca }: InfluxdbServer,
  method: "GET" | "POST",
  path: string,
  headers: Record<string, string> = {},
): InfluxdbCall {
  const target = new URL(path, url);
  const options = { method, headers: { ...headers, authorization: `Token ${token}` }, timeout: silentMs };
  const body =
    target.protocol === "https:" ? https.request(target, { ...options, ca }) : http.request(target, options);
  const response = new Promise<http.IncomingMessage>((resolve, reject) => {
    body.once("timeout", () => body.destroy(new Error(`InfluxDB was silent for ${silentMs / 1_000} s`)));
    body.once("error", reject);
    body.once("response", (answer) => {
      const code = answer.statusCode ?? 500;
      if (code < 300) resolve(answer);
      else
        text(answer).then((said) => {
          reject(
            new InfluxdbRefusal(
              code,
              `InfluxDB answered ${method} ${path} with ${code}: ${said.slice(0, 500)}`,
            ),
          );
        }, reject);
    });
  });
  // Whoever writes a long body asks for the answer only afterwards.
  response.catch(() => undefined);
  return { response, body };
}

/** An answer of InfluxDB that isn't a success. */
export class InfluxdbRefusal extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
