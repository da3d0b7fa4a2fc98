import { type Servers } from "./servers";

/** Lines in a request: InfluxDB's own advice. */
const linesPerRequest = 5_000;

type Influxdb = Servers["influxdb"];

/** Makes a bucket for a measurement. @throws Error where InfluxDB refuses it. */
export async function createBucket(influxdb: Influxdb, name: string): Promise<void> {
  const { orgs } = (await ask(influxdb, "GET", `/api/v2/orgs?org=${encodeURIComponent(influxdb.org)}`)) as {
    orgs: { id: string }[];
  };
  await ask(influxdb, "POST", "/api/v2/buckets", { orgID: orgs[0]?.id, name, retentionRules: [] });
}

/** Removes a bucket with all it holds. */
export async function removeBucket(influxdb: Influxdb, name: string): Promise<void> {
  const { buckets } = (await ask(influxdb, "GET", `/api/v2/buckets?name=${encodeURIComponent(name)}`)) as {
    buckets: { id: string }[];
  };
  await ask(influxdb, "DELETE", `/api/v2/buckets/${buckets[0]?.id ?? ""}`);
}

async function ask({ url, token }: Influxdb, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Token ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`InfluxDB: ${method} ${path}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Where a write goes. */
export interface WriteTarget {
  /** Of a server that takes InfluxDB 2's `/api/v2/write`. */
  readonly url: string;
  readonly token: string;
  readonly org: string;
  readonly bucket: string;
}

/** Line protocol in bodies of 5,000 lines, as they go out. */
export function bodiesOf(lines: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(lines.length / linesPerRequest) }, (_, index) =>
    lines.slice(index * linesPerRequest, (index + 1) * linesPerRequest).join("\n"),
  );
}

/** Writes bodies of line protocol, uncompressed, `parallel` at a time, and each again where the server says that it is busy. */
export async function writeBodies(
  { url, token, org, bucket }: WriteTarget,
  bodies: readonly string[],
  parallel: number,
  signal: AbortSignal,
): Promise<void> {
  const query = new URLSearchParams({ org, bucket, precision: "ns" });
  let next = 0;
  const writer = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      for (;;) {
        const response = await fetch(`${url}/api/v2/write?${query}`, {
          method: "POST",
          headers: { authorization: `Token ${token}`, "content-type": "text/plain; charset=utf-8" },
          body,
          signal,
        });
        const text = await response.text();
        if (response.ok) break;
        if (response.status !== 429) throw new Error(`${url} refused a write (${response.status}): ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, writer));
}
