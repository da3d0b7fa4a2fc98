import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { BucketsAPI } from "@influxdata/influxdb-client-apis";
import { ArchiveWriter, readParts, verifyBackup } from "../../apps/backup/archive";
import { folderDestination } from "../../apps/backup/folder-destination";
import { backupInfluxdb, valuesIn } from "../../apps/backup/influxdb-backup";
import { filledBuckets, InfluxdbRestore } from "../../apps/backup/influxdb-restore";
import { startInfluxd, type TestInfluxd } from "./influxd";

jest.setTimeout(240_000);

let server: TestInfluxd;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-influxdb-backup-"));

beforeAll(async () => {
  server = await startInfluxd();
});
afterAll(async () => {
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Every value of a bucket with its time, by the server's own query. */
function everything(bucket: string): Promise<unknown[]> {
  return new InfluxDB({ url: server.url, token: server.token }).getQueryApi(server.org).collectRows(
    `from(bucket: "${bucket}") |> range(start: 0, stop: 2100-01-01T00:00:00Z) |> drop(columns: ["_start", "_stop"])
        |> map(fn: (r) => ({ r with _value: string(v: r._value) })) |> group() |> sort(columns: ["_time", "_field", "_value"])`,
  );
}

test("a bucket's shards go into a new bucket of its name: each value with its time, and new ones beside them", async () => {
  const client = new InfluxDB({ url: server.url, token: server.token });
  const write = async (points: Point[]) => {
    const writes = client.getWriteApi(server.org, "first", "ms");
    writes.writePoints(points);
    await writes.close();
  };
  const now = Date.now();
  // Weeks apart, so that they lie in several shards.
  await write(
    Array.from({ length: 400 }, (_, index) =>
      new Point("weather")
        .tag("station", `s${index % 7}`)
        .floatField("temperature", index / 10)
        .intField("count", index)
        .stringField("text", `n° ${index}`)
        .timestamp(now - (index % 4) * 30 * 86_400_000 - index * 1_000),
    ),
  );
  const before = await everything("first");
  expect(before).toHaveLength(1_200);

  const destination = folderDestination(folder);
  const archive = await ArchiveWriter.begin(await destination.begin("backup.tar"));
  const influxdb = await backupInfluxdb(server, archive, new AbortController().signal);
  await archive.finish({
    format: "weather-backup",
    version: 1,
    environment: "test",
    begun: new Date().toISOString(),
    finished: new Date().toISOString(),
    kafka: { clusterId: "none", topics: [], groups: [] },
    influxdb,
  });
  const stored = destination.open("backup.tar");
  const manifest = await verifyBackup(stored);
  expect(manifest.influxdb.buckets).toEqual([expect.objectContaining({ name: "first", values: 1_200 })]);
  expect(manifest.influxdb.buckets[0]?.shardGroups.length).toBeGreaterThan(3);
  expect(await filledBuckets(server, manifest)).toEqual([{ bucket: "first", values: 1_200 }]);

  const buckets = new BucketsAPI(client);
  const old = (await buckets.getBuckets({ name: "first" })).buckets?.[0];
  await buckets.deleteBucketsID({ bucketID: old?.id ?? "" });
  await buckets.postBuckets({ body: { orgID: old?.orgID ?? "", name: "first", retentionRules: [] } });
  expect(await filledBuckets(server, manifest)).toEqual([]);

  const restore = await InfluxdbRestore.begin(server, manifest);
  for await (const { holds, compressed } of readParts(stored, manifest))
    if (holds.kind === "shard") await restore.add(holds.shard, compressed);
  expect(await restore.finish()).toEqual([{ what: "bucket first", saved: 1_200, restored: 1_200 }]);
  expect(await everything("first")).toEqual(before);

  await write([new Point("weather").tag("station", "new").floatField("temperature", 1)]);
  expect(await valuesIn(server, "first")).toBe(1_201);
});
