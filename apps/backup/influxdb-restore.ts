import { once } from "node:events";
import { json, text } from "node:stream/consumers";
import { InfluxDB } from "@influxdata/influxdb-client";
import { BucketsAPI, OrgsAPI } from "@influxdata/influxdb-client-apis";
import { encodeBucketInfo } from "./bucket-info";
import { valuesIn } from "./influxdb-backup";
import { callInfluxdb, type InfluxdbCall, type InfluxdbServer } from "./influxdb-server";
import { type BucketManifest, type Manifest, type Restored } from "./manifest";

/** Buckets of a backup that hold points where they are to be restored, with the number of values. Nothing is changed. */
export async function filledBuckets(
  server: InfluxdbServer,
  { influxdb: { buckets } }: Manifest,
): Promise<{ bucket: string; values: number }[]> {
  const present = await bucketsHere(server);
  const filled: { bucket: string; values: number }[] = [];
  for (const { name } of buckets) {
    if (!present.has(name)) continue;
    const values = await valuesIn(server, name);
    if (values > 0) filled.push({ bucket: name, values });
  }
  return filled;
}

/**
 * Puts the shards of a backup into the buckets of the same names. Ids of buckets, tokens, checks and retention stay as they are declared
 * here; a bucket that the environment lacks is made. What a bucket held before is no longer in it.
 */
export class InfluxdbRestore {
  /** Id here of each shard of the backup. */
  readonly #shards = new Map<number, number>();
  #upload: { shard: number; call: InfluxdbCall } | undefined;

  private constructor(
    private readonly server: InfluxdbServer,
    private readonly buckets: readonly BucketManifest[],
  ) {}

  /** Makes the buckets ready for their shards. @throws Error where InfluxDB refuses. */
  static async begin(server: InfluxdbServer, { influxdb: { buckets } }: Manifest): Promise<InfluxdbRestore> {
    const restore = new InfluxdbRestore(server, buckets);
    const present = await bucketsHere(server);
    for (const bucket of buckets) {
      const here = present.get(bucket.name) ?? (await makeBucket(server, bucket));
      const info = encodeBucketInfo({ ...bucket, ...here });
      const { response, body } = callInfluxdb(server, "POST", `/api/v2/restore/buckets/${here.id}`, {
        "content-type": "application/octet-stream",
      });
      body.end(info);
      const ids = (await json(await response)) as Record<string, number>;
      for (const [before, now] of Object.entries(ids)) restore.#shards.set(Number(before), now);
    }
    return restore;
  }

  /** Sends one part of a shard, still compressed. The parts of a shard follow one another. */
  async add(shard: number, compressed: Buffer): Promise<void> {
    if (this.#upload?.shard !== shard) {
      await this.#endUpload();
      const id = this.#shards.get(shard);
      if (id === undefined) throw new Error(`InfluxDB named no shard for shard ${shard} of the backup`);
      const headers = { "content-type": "application/octet-stream", "content-encoding": "gzip" };
      this.#upload = {
        shard,
        call: callInfluxdb(this.server, "POST", `/api/v2/restore/shards/${id}`, headers),
      };
    }
    const { body, response } = this.#upload.call;
    // Compressed files one after the other are a compressed file.
    if (!body.write(compressed)) await Promise.race([once(body, "drain"), response]);
  }

  /** Waits for the last shard, and counts what each bucket holds now beside what was saved of it. */
  async finish(): Promise<Restored[]> {
    await this.#endUpload();
    return await Promise.all(
      this.buckets.map(async ({ name, values }) => ({
        what: `bucket ${name}`,
        saved: values,
        restored: await valuesIn(this.server, name),
      })),
    );
  }

  async #endUpload(): Promise<void> {
    const upload = this.#upload;
    this.#upload = undefined;
    if (!upload) return;
    upload.call.body.end();
    await text(await upload.call.response);
  }
}

interface BucketHere {
  id: string;
  durationNs: bigint;
  shardGroupDurationNs: bigint;
}

function clientOf({ url, token, ca }: InfluxdbServer): InfluxDB {
  return new InfluxDB({ url, token, timeout: 30_000, ...(ca !== undefined && { transportOptions: { ca } }) });
}

interface LiveBucket {
  id?: string;
  name: string;
  retentionRules: { everySeconds?: number; shardGroupDurationSeconds?: number }[];
}

function asHere({ id, name, retentionRules }: LiveBucket): BucketHere {
  if (id === undefined) throw new Error(`bucket ${name} has no id`);
  const seconds = (value: number | undefined) => BigInt(value ?? 0) * 1_000_000_000n;
  const [rule] = retentionRules;
  return {
    id,
    durationNs: seconds(rule?.everySeconds),
    // A week is InfluxDB's own length of a shard where points are kept for ever.
    shardGroupDurationNs: seconds(rule?.shardGroupDurationSeconds ?? 604_800),
  };
}

async function bucketsHere(server: InfluxdbServer): Promise<Map<string, BucketHere>> {
  const buckets: LiveBucket[] = [];
  for (;;) {
    const page = await new BucketsAPI(clientOf(server)).getBuckets({
      org: server.org,
      limit: 100,
      offset: buckets.length,
    });
    buckets.push(...(page.buckets ?? []));
    if ((page.buckets ?? []).length < 100) break;
  }
  return new Map(buckets.map((bucket) => [bucket.name, asHere(bucket)]));
}

async function makeBucket(
  server: InfluxdbServer,
  { name, description, retentionSeconds }: BucketManifest,
): Promise<BucketHere> {
  const { orgs } = await new OrgsAPI(clientOf(server)).getOrgs({ org: server.org });
  const orgID = orgs?.[0]?.id;
  if (orgID === undefined) throw new Error(`InfluxDB has no organisation ${server.org}`);
  const body = {
    orgID,
    name,
    description,
    retentionRules: [{ type: "expire" as const, everySeconds: retentionSeconds }],
  };
  return asHere(await new BucketsAPI(clientOf(server)).postBuckets({ body }));
}
