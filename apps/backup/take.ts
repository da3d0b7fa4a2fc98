import { type Kafka } from "kafkajs";
import { ArchiveWriter } from "./archive";
import { type Destination } from "./destination";
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
  readonly destination: Destination;
  /** Encrypts the backup. Default: it isn't encrypted. */
  readonly passphrase?: string | undefined;
  /** Aborted to give up. */
  readonly signal: AbortSignal;
}

/** A backup that was written and read back. */
export interface TakenBackup {
  /** Its path, or `s3://bucket/prefix/file`. */
  readonly name: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Backs up topics, groups and buckets into one file, while all goes on. Kafka comes first: so InfluxDB's part holds every point whose
 * message is in Kafka's, and the producer of a restored pipeline finds what it has still to publish.
 *
 * @throws Error where a server doesn't answer, or the backup can't be written or read back; then none stays.
 */
export async function takeBackup(order: BackupOrder): Promise<TakenBackup> {
  const begun = new Date();
  const growing = await order.destination.begin(
    backupName(order.environment, begun.getTime(), order.passphrase !== undefined),
  );
  try {
    const archive = await ArchiveWriter.begin(growing, order.passphrase);
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
    return { name: growing.name, bytes, manifest };
  } catch (error) {
    await growing.abandon();
    throw error;
  }
}
