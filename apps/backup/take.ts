import { mkdir } from "node:fs/promises";
import * as path from "node:path";
import { type Kafka } from "kafkajs";
import { ArchiveWriter } from "./archive";
import { backupInfluxdb } from "./influxdb-backup";
import { type InfluxdbServer } from "./influxdb-server";
import { backupKafka } from "./kafka-backup";
import { type Manifest } from "./manifest";
import { backupName } from "./retention";

/** What is backed up, and where to. */
export interface BackupOrder {
  /** Name of the environment, such as `weather-dev`: begins the file's name. */
  readonly environment: string;
  readonly kafka: Kafka;
  readonly influxdb: InfluxdbServer;
  /** Made where it isn't there. */
  readonly folder: string;
  /** Encrypts the backup. Default: it isn't encrypted. */
  readonly passphrase?: string | undefined;
  /** Aborted to give up. */
  readonly signal: AbortSignal;
}

/** A backup that was written and read back. */
export interface TakenBackup {
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Backs up topics, groups and buckets into one file, while all goes on. Kafka comes first: so InfluxDB's part holds every point whose
 * message is in Kafka's, and the producer of a restored pipeline finds what it has still to publish.
 *
 * @throws Error where a server doesn't answer, or the file can't be written or read back; then no file stays.
 */
export async function takeBackup(order: BackupOrder): Promise<TakenBackup> {
  const begun = new Date();
  await mkdir(order.folder, { recursive: true });
  const file = path.join(
    order.folder,
    backupName(order.environment, begun.getTime(), order.passphrase !== undefined),
  );
  const archive = await ArchiveWriter.create(file, order.passphrase);
  try {
    const kafka = await backupKafka(order.kafka, archive, order.signal);
    const influxdb = await backupInfluxdb(order.influxdb, archive, order.signal);
    const { manifest, bytes } = await archive.finish({
      format: "weather-backup",
      version: 1,
      environment: order.environment,
      begun: begun.toISOString(),
      finished: new Date().toISOString(),
      kafka,
      influxdb,
    });
    return { file, bytes, manifest };
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}
