import { readFileSync } from "node:fs";
import { HttpError, InfluxDB, setLogger, type WriteApi } from "@influxdata/influxdb-client";
import { type InfluxdbConnection } from "./config";
import { readSecret } from "./lifecycle";

/**
 * A client of InfluxDB for the connection. It makes no connection by itself.
 *
 * @param timeoutMs how long an answer is waited for. Default 30000.
 * @throws ConfigError where the token can't be read.
 */
export function createInfluxdb(connection: InfluxdbConnection, timeoutMs = 30_000): InfluxDB {
  // Failures reach the caller, who logs them once.
  setLogger({ error: () => undefined, warn: () => undefined });
  return new InfluxDB({
    url: connection.url,
    token: readSecret("influxdb.tokenFile", connection.tokenFile),
    timeout: timeoutMs,
    ...(connection.caFile !== undefined && { transportOptions: { ca: readFileSync(connection.caFile) } }),
  });
}

/** Writes lines through a write API that was made with `maxRetries: 0`. Rejects unless InfluxDB has acknowledged them all. */
export function writeThrough(api: WriteApi): (lines: readonly string[]) => Promise<void> {
  return async (lines) => {
    api.writeRecords([...lines]);
    await api.flush();
  };
}

/** Answers that the same lines would get again: not line protocol, too large, in conflict with a field's type or outside retention. */
export function isRefusal(error: unknown): boolean {
  return error instanceof HttpError && [400, 413, 422].includes(error.statusCode);
}

/** A text as a tag's value in line protocol. A line break can't stand there and becomes a space. */
export function tagValue(text: string): string {
  return text.replace(/[\r\n]+/g, " ").replace(/[,= ]/g, "\\$&");
}
