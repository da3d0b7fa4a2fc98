import { type Servers } from "./servers";

/** Lines in a request: InfluxDB's own advice. */
const linesPerRequest = 5_000;

/** All points of a measurement may wait in a replication's queue. */
const replicationQueueBytes = 1024 ** 3;

type Influxdb = Servers["influxdb"];

/** Makes a bucket for a measurement; returns its id. @throws Error where InfluxDB refuses it. */
export async function createBucket(influxdb: Influxdb, name: string): Promise<string> {
  const { id } = await ask<{ id: string }>(influxdb, "POST", "/api/v2/buckets", {
    orgID: await organisationId(influxdb),
    name,
    retentionRules: [],
  });
  return id;
}

/** Removes a bucket with all it holds. */
export async function removeBucket(influxdb: Influxdb, name: string): Promise<void> {
  const path = `/api/v2/buckets?name=${encodeURIComponent(name)}`;
  const { buckets } = await ask<{ buckets: { id: string }[] }>(influxdb, "GET", path);
  await ask(influxdb, "DELETE", `/api/v2/buckets/${buckets[0]?.id ?? ""}`);
}

/** Has InfluxDB send on what is written to a bucket from now on, by its own replication, until `remove`. */
export async function replicate(
  influxdb: Influxdb,
  { bucketId, target }: { bucketId: string; target: WriteTarget },
): Promise<{ remove(): Promise<void> }> {
  const orgID = await organisationId(influxdb);
  const remote = await ask<{ id: string }>(influxdb, "POST", "/api/v2/remotes", {
    ...{ name: `bench-${bucketId}`, orgID, remoteOrgID: orgID, allowInsecureTLS: false },
    ...{ remoteURL: target.url, remoteAPIToken: target.token },
  });
  const replication = await ask<{ id: string }>(influxdb, "POST", "/api/v2/replications", {
    ...{ name: `bench-${bucketId}`, orgID, remoteID: remote.id, localBucketID: bucketId },
    ...{ remoteBucketName: target.bucket, maxQueueSizeBytes: replicationQueueBytes },
  });
  return {
    remove: async () => {
      await ask(influxdb, "DELETE", `/api/v2/replications/${replication.id}`);
      await ask(influxdb, "DELETE", `/api/v2/remotes/${remote.id}`);
    },
  };
}

async function organisationId(influxdb: Influxdb): Promise<string> {
  const path = `/api/v2/orgs?org=${encodeURIComponent(influxdb.org)}`;
  const { orgs } = await ask<{ orgs: { id: string }[] }>(influxdb, "GET", path);
  return orgs[0]?.id ?? "";
}

async function ask<Answer>(
  { url, token }: Influxdb,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Token ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`InfluxDB: ${method} ${path}: ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
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
