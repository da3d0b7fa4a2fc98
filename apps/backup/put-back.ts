import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type Kafka } from "kafkajs";
import { readParts } from "./archive";
import { InfluxdbRestore } from "./influxdb-restore";
import { type StoredArchive } from "./destination";
import { type InfluxdbServer } from "./influxdb-server";
import { KafkaRestore } from "./kafka-restore";
import { type Manifest, type Restored } from "./manifest";

const decompress = promisify(gunzip);

/** Where a backup is restored. Its programs must be at rest: Kafka moves no offsets of a group that is at work. */
export interface RestoreOrder {
  readonly archive: StoredArchive;
  /** What `verifyBackup` found in it. */
  readonly manifest: Manifest;
  readonly passphrase?: string | undefined;
  readonly kafka: Kafka;
  readonly influxdb: InfluxdbServer;
}

/**
 * Puts topics, groups and buckets of a backup in the place of what is there.
 *
 * @returns what was saved beside what is there now: fewer values only where points are older by now than their bucket keeps them.
 * @throws Error where a server refuses, or Kafka's offsets aren't the backup's afterwards. It may be repeated.
 */
export async function putBack(order: RestoreOrder): Promise<Restored[]> {
  const { archive, manifest, passphrase } = order;
  const kafka = await KafkaRestore.begin(order.kafka, manifest);
  const influxdb = await InfluxdbRestore.begin(order.influxdb, manifest);
  for await (const { holds, compressed } of readParts(archive, manifest, passphrase)) {
    if (holds.kind === "messages")
      await kafka.add(holds.topic, holds.partition, await decompress(compressed));
    else await influxdb.add(holds.shard, compressed);
  }
  return [...(await kafka.finish()), ...(await influxdb.finish())];
}
