import { type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { InfluxDB } from "@influxdata/influxdb-client";
import { type ArchiveWriter } from "./archive";
import { callInfluxdb, InfluxdbRefusal, type InfluxdbServer } from "./influxdb-server";
import { type BucketManifest, type Manifest } from "./manifest";

/* `GET /api/v2/backup/metadata`, as far as it is read here: influxdb's backup.go. */
interface BucketMetadata {
  organizationName: string;
  bucketName: string;
  description?: string;
  retentionPolicies: {
    name: string;
    duration: number;
    shardGroups: {
      id: number;
      startTime: string;
      endTime: string;
      deletedAt?: string;
      shards: { id: number }[];
    }[];
  }[];
}

/** Bytes of a shard in one part. */
const partBytes = 8 * 1024 * 1024;

/**
 * Writes every bucket of the organisation that isn't InfluxDB's own into a backup, shard by shard, by InfluxDB's backup API.
 *
 * Every shard is read after this began, so all that was acknowledged before is in it. Tokens, users and checks aren't: these are
 * declared, and made anew by the environment that is restored.
 *
 * @throws Error where InfluxDB refuses or falls silent.
 */
export async function backupInfluxdb(
  server: InfluxdbServer,
  archive: ArchiveWriter,
  signal: AbortSignal,
): Promise<Manifest["influxdb"]> {
  const buckets: BucketManifest[] = [];
  for (const bucket of await bucketMetadata(server)) {
    const [policy] = bucket.retentionPolicies;
    if (bucket.organizationName !== server.org || bucket.bucketName.startsWith("_") || !policy) continue;
    const values = await valuesIn(server, bucket.bucketName);
    const shardGroups: BucketManifest["shardGroups"] = [];
    for (const { id, startTime, endTime, deletedAt, shards } of policy.shardGroups) {
      if (deletedAt !== undefined) continue;
      const saved: number[] = [];
      for (const shard of shards) {
        signal.throwIfAborted();
        if (await backupShard(server, bucket.bucketName, shard.id, archive)) saved.push(shard.id);
      }
      shardGroups.push({ id, start: startTime, end: endTime, shards: saved });
    }
    buckets.push({
      name: bucket.bucketName,
      description: bucket.description ?? "",
      retentionSeconds: Math.round(policy.duration / 1e9),
      values,
      retentionPolicy: policy.name,
      shardGroups,
    });
  }
  return { org: server.org, buckets };
}

/** How many values of fields a bucket holds; a point has one for each of its fields. */
export async function valuesIn({ url, org, token, ca }: InfluxdbServer, bucket: string): Promise<number> {
  const client = new InfluxDB({
    url,
    token,
    timeout: 600_000,
    ...(ca !== undefined && { transportOptions: { ca } }),
  });
  const rows = await client.getQueryApi(org).collectRows<{ _value: number }>(
    `from(bucket: ${JSON.stringify(bucket)}) |> range(start: 0, stop: 2200-01-01T00:00:00Z)
      |> count() |> keep(columns: ["_value"]) |> sum()`,
  );
  return rows.reduce((sum, { _value }) => sum + _value, 0);
}

/** Metadata of all buckets: one part of a multipart answer, whose others (tokens, tasks) aren't needed. */
async function bucketMetadata(server: InfluxdbServer): Promise<BucketMetadata[]> {
  const response = await get(server, "/api/v2/backup/metadata");
  const boundary = /boundary=([^;]+)/.exec(response.headers["content-type"] ?? "")?.[1];
  const answer = (await buffer(response)).toString("latin1");
  const part = answer
    .split(`--${boundary ?? ""}`)
    .find((one) => /name="?buckets"?/.test(one.split("\r\n\r\n")[0] ?? ""));
  if (part === undefined) throw new Error("InfluxDB's backup metadata names no buckets");
  const json = Buffer.from(part.slice(part.indexOf("\r\n\r\n")), "latin1").toString("utf8");
  return JSON.parse(json) as BucketMetadata[];
}

/** Writes one shard; false where its time was up meanwhile, and it's gone. */
async function backupShard(
  server: InfluxdbServer,
  bucket: string,
  shard: number,
  archive: ArchiveWriter,
): Promise<boolean> {
  let response: IncomingMessage;
  try {
    response = await get(server, `/api/v2/backup/shards/${shard}`);
  } catch (error) {
    if (error instanceof InfluxdbRefusal && error.code === 404) return false;
    throw error;
  }
  let held: Buffer[] = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes > 0) await archive.add({ kind: "shard", bucket, shard }, Buffer.concat(held));
    held = [];
    bytes = 0;
  };
  for await (const chunk of response as AsyncIterable<Buffer>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes >= partBytes) await flush();
  }
  await flush();
  return true;
}

async function get(server: InfluxdbServer, path: string): Promise<IncomingMessage> {
  const { response, body } = callInfluxdb(server, "GET", path, { "accept-encoding": "identity" });
  body.end();
  return await response;
}
