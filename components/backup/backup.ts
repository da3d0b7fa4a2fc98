import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type z } from "zod";
import { backupConfig, s3Place } from "../../apps/backup/config";
import { appEntry, type AppPlacement, TypeScriptApp } from "../apps/typescript-app";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, schemaFaults, throwIfAny, under } from "../faults";
import { type InfluxServer } from "../influxdb/server";
import { type KafkaAccess } from "../kafka/access";
import { type MountedVolume, type WorkloadFile } from "../workload/workload";
import { readAccessKey } from "./s3-credentials";

const tokenFile = "/run/secrets/influxdb-token";
const passphraseFile = "/run/secrets/backup-passphrase";
const accessKeyFile = "/run/secrets/backup-access-key";
const storeCaFile = "/etc/weather/backup-store-ca.pem";
const folderInside = "/var/lib/weather/backups";

/** A folder on the engine's machine, which outlives the environment. */
export interface BackupFolder {
  kind: "folder";
  /** Absolute, on the engine's machine; the program (user 1000) must be allowed to write there. A change replaces the container. */
  path: string;
}

/** A bucket of Amazon S3, or of a store that speaks its protocol. It must be there. A change of any of it replaces the container. */
export interface BackupBucket {
  kind: "s3";
  /** Name of the bucket. */
  bucket: string;
  /** Begins the objects' names, such as `weather/prod`. Default: none. */
  prefix?: string;
  /** Region of the bucket. Default `us-east-1`, which most stores of a site's own take for theirs. */
  region?: string;
  /** The store's address, as the program reaches it. Default: Amazon's own. */
  endpoint?: string;
  /** Whether the bucket stands in the path, not in the host's name. Default: where there is an `endpoint`. */
  forcePathStyle?: boolean;
  /** File on the deployer's machine with the access key, in the form of `~/.aws/credentials`: the `[default]` of it. A secret in the state. */
  credentialsFile: string;
  /** File on the deployer's machine with the PEM of the authority behind the store's certificate. Default: those that Node knows. */
  caFile?: string;
}

/** Where backups are kept. */
export type BackupPlace = BackupFolder | BackupBucket;

/** What an environment may say of its backups. */
export interface BackupSettings {
  /** Where they are kept. */
  to: BackupPlace;
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
export function backupFaults(settings: Omit<BackupSettings, "to"> & { to?: BackupPlace }): Fault[] {
  const { to, every, keep, keepFor, passphraseFile } = settings;
  const faults = to
    ? under("to", placeFaults(to))
    : [
        {
          propertyPath: "to",
          reason: 'must say where they are kept, such as { kind: "folder", path: "/srv/weather-backups" }',
        },
      ];
  for (const [propertyPath, length] of Object.entries({ every, keepFor }))
    if (length !== undefined && tryDurationMs(length) === undefined)
      faults.push({ propertyPath, reason: `must be ${durationForm}, not ${JSON.stringify(length)}` });
  if (keep !== undefined && (!Number.isInteger(keep) || keep < 1))
    faults.push({ propertyPath: "keep", reason: `must be a whole number of at least 1, not ${keep}` });
  if (passphraseFile !== undefined && !isReadable(passphraseFile))
    faults.push({ propertyPath: "passphraseFile", reason: `${passphraseFile} can't be read, or is empty` });
  return faults;
}

function placeFaults(to: BackupPlace): Fault[] {
  if (to.kind === "folder") {
    if (path.isAbsolute(to.path)) return [];
    const reason = `must be the absolute path of a folder on the engine's machine, such as "/srv/weather-backups", not ${JSON.stringify(to.path)}`;
    return [{ propertyPath: "path", reason }];
  }
  const { credentialsFile, caFile, ...place } = to;
  const faults = schemaFaults(s3Place, place);
  if (!readAccessKey(credentialsFile))
    faults.push({
      propertyPath: "credentialsFile",
      reason: `${JSON.stringify(credentialsFile)} can't be read, or lacks aws_access_key_id or aws_secret_access_key in its [default]`,
    });
  if (caFile !== undefined && !isReadable(caFile))
    faults.push({ propertyPath: "caFile", reason: `${caFile} can't be read, or is empty` });
  return faults;
}

/** What the program is told of its place, and what its container needs for it. */
function placeInside(to: BackupPlace): {
  config: z.input<typeof backupConfig>["to"];
  files: WorkloadFile[];
  volumes: MountedVolume[];
} {
  if (to.kind === "folder")
    return {
      config: { kind: "folder", path: folderInside },
      files: [],
      volumes: [{ hostFolder: to.path, path: folderInside }],
    };
  const { credentialsFile, caFile, ...place } = to;
  return {
    config: {
      ...place,
      credentialsFile: accessKeyFile,
      ...(caFile !== undefined && { caFile: storeCaFile }),
    },
    files: [
      { path: accessKeyFile, content: pulumi.secret(JSON.stringify(readAccessKey(credentialsFile))) },
      ...(caFile === undefined ? [] : [{ path: storeCaFile, content: fs.readFileSync(caFile, "utf8") }]),
    ],
    volumes: [],
  };
}

function isReadable(file: string): boolean {
  try {
    return fs.readFileSync(file, "utf8").trim() !== "";
  } catch {
    return false;
  }
}

/**
 * The program that backs topics, groups and buckets up while all goes on: one at a time, read back, in the form that
 * `npm run restore` takes, to a folder or to a bucket. Its outcome stands in its log and at `/metrics` (`weather_backup_last_success_timestamp_seconds`, ...).
 *
 * To a bucket it is on the network that has a way out. It holds InfluxDB's operator token, since InfluxDB's backup API asks for all permissions; it publishes no port.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class Backup extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof backupConfig>;

  constructor(name: string, args: BackupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:backup:Backup", name, {}, opts);
    throwIfAny(`Backup ${name}`, backupFaults(args));
    const { influx, placement, baseImage } = args;
    const place = placeInside(args.to);
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
          to: place.config,
          everyMs: durationMs(args.every ?? "1 day"),
          keep: args.keep ?? 7,
          ...(args.keepFor !== undefined && { keepForMs: durationMs(args.keepFor) }),
          ...(passphrase && { passphraseFile }),
        },
        files: [
          { path: tokenFile, content: influx.connection.token },
          ...files,
          ...influx.client.files,
          ...place.files,
          ...(passphrase ? [{ path: passphraseFile, content: passphrase }] : []),
        ],
        volumes: place.volumes,
        reachesOut: args.to.kind === "s3",
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
