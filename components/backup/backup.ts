import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { backupConfig } from "../../apps/backup/config";
import { appEntry, type AppPlacement, TypeScriptApp } from "../apps/typescript-app";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { type InfluxServer } from "../influxdb/server";
import { type KafkaAccess } from "../kafka/access";

const tokenFile = "/run/secrets/influxdb-token";
const passphraseFile = "/run/secrets/backup-passphrase";
const folderInside = "/var/lib/weather/backups";

/** What an environment may say of its backups. */
export interface BackupSettings {
  /** Folder on the engine's machine, absolute, that the program (user 1000) may write: it outlives the environment. A change replaces the container. */
  folder: string;
  /** From one backup to the next, over restarts too. Default `"1 day"`. */
  every?: Duration;
  /** Backups kept, the newest ones. Default 7. */
  keep?: number;
  /** Older ones go; the newest is kept in any case. Default: however old. */
  keepFor?: Duration;
  /** File on the deployer's machine with the passphrase that encrypts them (AES-256-GCM). Default: they aren't encrypted. */
  passphraseFile?: string;
}

/** Arguments of {@link Backup}. A change replaces the container; the backups stay. */
export interface BackupArgs extends AppPlacement, BackupSettings {
  influx: InfluxServer;
  kafka: KafkaAccess;
}

/** What can be said against backups before anything is created. */
export function backupFaults({ folder, every, keep, keepFor, passphraseFile }: BackupSettings): Fault[] {
  const faults: Fault[] = [];
  if (!path.isAbsolute(folder))
    faults.push({
      propertyPath: "folder",
      reason: `must be the absolute path of a folder on the engine's machine, such as "/srv/weather-backups", not ${JSON.stringify(folder)}`,
    });
  for (const [propertyPath, length] of Object.entries({ every, keepFor }))
    if (length !== undefined && tryDurationMs(length) === undefined)
      faults.push({ propertyPath, reason: `must be ${durationForm}, not ${JSON.stringify(length)}` });
  if (keep !== undefined && (!Number.isInteger(keep) || keep < 1))
    faults.push({ propertyPath: "keep", reason: `must be a whole number of at least 1, not ${keep}` });
  if (passphraseFile !== undefined && !isReadable(passphraseFile))
    faults.push({ propertyPath: "passphraseFile", reason: `${passphraseFile} can't be read, or is empty` });
  return faults;
}

function isReadable(file: string): boolean {
  try {
    return fs.readFileSync(file, "utf8").trim() !== "";
  } catch {
    return false;
  }
}

/**
 * The program that backs topics, groups and buckets up while all goes on: a file at a time, read back, in the form that
 * `npm run restore` takes. Its outcome stands in its log and at `/metrics` (`weather_backup_last_success_timestamp_seconds`, ...).
 *
 * It holds InfluxDB's operator token, since InfluxDB's backup API asks for all permissions; it publishes no port.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class Backup extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof backupConfig>;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:backup:Backup", name, {}, opts);
    throwIfAny(`Backup ${name}`, backupFaults(args));
    const { influx, placement, baseImage } = args;
    const passphrase =
      args.passphraseFile === undefined
        ? undefined
        : pulumi.secret(fs.readFileSync(args.passphraseFile, "utf8").trim());
    const { brokers, tls, files } = args.kafka.clientFor(name);
    this.app = new TypeScriptApp(
      name,
      {
        placement,
        baseImage,
        entry: appEntry("backup"),
        schema: backupConfig,
        config: {
          environment: placement.prefix,
          kafka: { brokers, tls },
          influxdb: { ...influx.client.connection, tokenFile },
          folder: folderInside,
          everyMs: durationMs(args.every ?? "1 day"),
          keep: args.keep ?? 7,
          ...(args.keepFor !== undefined && { keepForMs: durationMs(args.keepFor) }),
          ...(passphrase && { passphraseFile }),
        },
        files: [
          { path: tokenFile, content: influx.connection.token },
          ...files,
          ...influx.client.files,
          ...(passphrase ? [{ path: passphraseFile, content: passphrase }] : []),
        ],
        volumes: [{ hostFolder: args.folder, path: folderInside }],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
