import { readFile } from "node:fs/promises";
import { type z } from "zod";
import { createKafka } from "../shared/kafka";
import { ConfigError, readSecret, runProgram } from "../shared/lifecycle";
import { reasonOf } from "../shared/log";
import { sleep } from "../shared/retry";
import { type BackupConfig, backupConfig, s3Credentials } from "./config";
import { type Destination } from "./destination";
import { folderDestination } from "./folder-destination";
import { messagesIn } from "./manifest";
import { backupsAmong, expired } from "./retention";
import { s3Destination } from "./s3-destination";
import { takeBackup } from "./take";

/** Pause after a backup that failed, at first and at most. */
const retryMs = { first: 5_000, most: 300_000 } as const;

void runProgram("backup", backupConfig, async (config, { log, metrics, health, stop }) => {
  const lastSuccess = metrics.gauge(
    "weather_backup_last_success_timestamp_seconds",
    "When the last whole backup was begun.",
  );
  const lastBytes = metrics.gauge("weather_backup_last_size_bytes", "Length of the last backup.");
  const lastSeconds = metrics.gauge("weather_backup_last_duration_seconds", "What the last backup took.");
  const successes = metrics.counter(
    "weather_backup_successes_total",
    "Backups that were written and read back.",
  );
  const failures = metrics.counter("weather_backup_failures_total", "Backups that failed, and left none.");
  const kept = metrics.gauge("weather_backup_kept", "Backups at their place.");

  const passphrase =
    config.passphraseFile === undefined ? undefined : readSecret("passphraseFile", config.passphraseFile);
  const { url, org, tokenFile, caFile } = config.influxdb;
  const destination = await destinationOf(config.to);
  const order = {
    environment: config.environment,
    kafka: createKafka("backup", config.kafka, log),
    influxdb: {
      url,
      org,
      token: readSecret("influxdb.tokenFile", tokenFile),
      ...(caFile !== undefined && { ca: await readFile(caFile, "utf8") }),
    },
    destination,
    passphrase,
    signal: stop,
  };
  const stored = async () => {
    const backups = backupsAmong(await destination.list(`${config.environment}-`), config.environment);
    kept.set(backups.length);
    if (backups[0]) lastSuccess.set(backups[0].begunMs / 1_000);
    return backups;
  };
  const dueMs = async () => ((await stored())[0]?.begunMs ?? 0) + config.everyMs;

  const take = async (): Promise<void> => {
    const begun = Date.now();
    const { name, bytes, manifest } = await takeBackup(order);
    const seconds = (Date.now() - begun) / 1_000;
    successes.add(1);
    lastBytes.set(bytes);
    lastSeconds.set(seconds);
    log("info", "backed up", {
      file: name,
      bytes,
      seconds,
      messages: manifest.kafka.topics.reduce((sum, topic) => sum + messagesIn(topic), 0),
      values: manifest.influxdb.buckets.reduce((sum, { values }) => sum + values, 0),
    });
  };

  const forget = async (): Promise<void> => {
    for (const { file } of expired(
      await stored(),
      { keep: config.keep, keepForMs: config.keepForMs },
      Date.now(),
    )) {
      await destination.remove(file);
      log("info", "removed a backup whose time is up", { file });
    }
  };

  log("info", "started", {
    to: destination.place,
    everyMs: config.everyMs,
    encrypted: passphrase !== undefined,
  });

  let failuresInARow = 0;
  /** Whether an earlier run, or an attempt, may have left something half written. */
  let brokeOff = true;
  let nextMs = 0;
  // A long backup is no ill health; one that failed is, until the next succeeds.
  const alive = setInterval(() => {
    if (failuresInARow === 0) health.progress();
  }, 5_000);
  while (!stop.aborted) {
    if (Date.now() >= nextMs) {
      try {
        if (brokeOff) await destination.removeUnfinished(config.environment);
        brokeOff = false;
        if (Date.now() >= (await dueMs())) {
          await take();
          await forget();
        }
        nextMs = await dueMs();
        failuresInARow = 0;
      } catch (error) {
        if (isAborted(stop)) break;
        brokeOff = true;
        const retryInMs = Math.min(retryMs.first * 2 ** failuresInARow++, retryMs.most);
        nextMs = Date.now() + retryInMs;
        failures.add(1);
        health.trouble(`the last backup failed: ${reasonOf(error)}`);
        log("error", "a backup failed", { reason: reasonOf(error), retryInMs });
      }
    }
    if (failuresInARow === 0) health.progress();
    await sleep(1_000, stop);
  }
  clearInterval(alive);
});

async function destinationOf(to: BackupConfig["to"]): Promise<Destination> {
  if (to.kind === "folder") return folderDestination(to.path);
  const { credentialsFile, caFile } = to;
  const ca = caFile === undefined ? undefined : await readFile(caFile, "utf8");
  return s3Destination({ ...to, credentials: readAccessKey(credentialsFile), ca });
}

/** @throws ConfigError that never shows the content. */
function readAccessKey(file: string): z.output<typeof s3Credentials> {
  const text = readSecret("to.credentialsFile", file);
  try {
    return s3Credentials.parse(JSON.parse(text));
  } catch {
    throw new ConfigError(`to.credentialsFile: ${file} must be JSON with accessKeyId and secretAccessKey`);
  }
}

/** Asked anew: TypeScript believes that a signal not aborted before an await isn't aborted after it either. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
