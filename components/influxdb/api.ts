import type * as client from "@influxdata/influxdb-client";
import type * as apis from "@influxdata/influxdb-client-apis";

/** A connection whose values are all known. */
export interface KnownConnection {
  url: string;
  token: string;
  org: string;
  caPem?: string;
}

/** One page of a listing; the server gives at most 100 entries. */
export interface Page {
  orgID: string;
  limit: number;
  offset: number;
}

/** The five calls that the API has for each kind of resource. */
export interface ResourceApi<Body, Live> {
  list(page: Page): Promise<Live[]>;
  create(body: Body): Promise<Live>;
  get(id: string): Promise<Live>;
  update(id: string, body: Body): Promise<Live>;
  remove(id: string): Promise<void>;
}

const requestLimitMs = 10_000;
const pageSize = 100;

/** The REST API's classes. Loaded by the call, so that a serialised provider names the package instead of holding its code. */
export function influxApis(): typeof apis {
  // `import()` would become a helper or stay an ESM import, and a provider evaluated from its text has neither.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require("@influxdata/influxdb-client-apis") as typeof apis;
}

/**
 * A client of a server that answers `GET /health`, waiting for it with growing pauses.
 *
 * @throws Error where the server isn't healthy within `limitMs`.
 */
export async function connect(connection: KnownConnection, limitMs: number): Promise<client.InfluxDB> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { InfluxDB } = require("@influxdata/influxdb-client") as typeof client;
  const influx = new InfluxDB({
    url: connection.url,
    token: connection.token,
    timeout: requestLimitMs,
    ...(connection.caPem === undefined ? {} : { transportOptions: { ca: connection.caPem } }),
  });
  const health = new (influxApis().HealthAPI)(influx);
  const end = Date.now() + limitMs;
  for (let pauseMs = 200; ; pauseMs = Math.min(2 * pauseMs, 4_000)) {
    try {
      await health.getHealth();
      return influx;
    } catch (error) {
      if (Date.now() + pauseMs > end) {
        throw new Error(
          `no healthy InfluxDB answered GET ${connection.url}/health within ${limitMs / 1_000} s (${said(error)}). ` +
            "Check that the server runs and that the url is right from here, then run the command again.",
          { cause: error },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** The organisation's id. */
export async function orgIdOf(influx: client.InfluxDB, org: string): Promise<string> {
  const { orgs } = await new (influxApis().OrgsAPI)(influx).getOrgs({ org });
  const id = orgs?.[0]?.id;
  if (id === undefined)
    throw new Error(`there is no organisation ${JSON.stringify(org)}, or the token may not see it`);
  return id;
}

/** Every entry of an organisation, page by page. */
export async function listAll<Live extends { id?: string }>(
  api: ResourceApi<never, Live>,
  orgID: string,
): Promise<Live[]> {
  const found = new Map<string | undefined, Live>();
  for (let offset = 0; ; offset += pageSize) {
    const page = await api.list({ orgID, limit: pageSize, offset });
    const before = found.size;
    for (const live of page) found.set(live.id, live);
    // Some listings ignore `offset` and give everything each time: then nothing new ends the walk.
    if (page.length < pageSize || found.size === before) return [...found.values()];
  }
}

/** The value, or undefined where the server says that there is no such thing. */
export async function unlessGone<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

/** What went wrong, in one line. */
export function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return (error.message || code).replace(/\s+/g, " ").trim();
}
