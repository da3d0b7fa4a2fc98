import { readFileSync } from "node:fs";
import { InfluxDB, setLogger } from "@influxdata/influxdb-client";
import { type InfluxdbConnection } from "./config";
import { readSecret } from "./lifecycle";

/**
 * A client of InfluxDB for the connection. It makes no connection by itself.
 *
 * @throws ConfigError where the token can't be read.
 */
export function createInfluxdb(connection: InfluxdbConnection): InfluxDB {
  // Failures reach the caller, who logs them once.
  setLogger({ error: () => undefined, warn: () => undefined });
  return new InfluxDB({
    url: connection.url,
    token: readSecret("influxdb.tokenFile", connection.tokenFile),
    timeout: 30_000,
    ...(connection.caFile !== undefined && { transportOptions: { ca: readFileSync(connection.caFile) } }),
  });
}
