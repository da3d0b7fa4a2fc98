import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import * as path from "node:path";
import { createKafka } from "../shared/kafka";
import { readSecret, runProgram } from "../shared/lifecycle";
import { reasonOf } from "../shared/log";
import { sleep } from "../shared/retry";
import { partial } from "./archive";
import { backupConfig } from "./config";
import { messagesIn } from "./manifest";
import { backupsAmong, expired } from "./retention";
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
  const failures = metrics.counter("weather_backup_failures_total", "Backups that failed, and left no file.");
  const kept = metrics.gauge("weather_backup_kept", "Backups in the folder.");

  const passphrase =
    config.passphraseFile === undefined ? undefined : readSecret("passphraseFile", config.passphraseFile);
  const { url, org, tokenFile, caFile } = config.influxdb;
  const order = {
    environment: config.environment,
    kafka: createKafka("backup", config.kafka, log),
    influxdb: {
      url,
      org,
      token: readSecret("influxdb.tokenFile", tokenFile),
      ...(caFile !== undefined && { ca: await readFile(caFile, "utf8") }),
    },
    folder: config.folder,
    passphrase,
    signal: stop,
  };
  const stored = async () => backupsAmong(await readdir(config.folder), config.environment);

  const take = async (): Promise<void> => {
    const begun = Date.now();
    const { file, bytes, manifest } = await takeBackup(order);
    const seconds = (Date.now() - begun) / 1_000;
    successes.add(1);
    lastBytes.set(bytes);
    lastSeconds.set(seconds);
    log("info", "backed up", {
      file: path.basename(file),
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
      await rm(path.join(config.folder, file), { force: true });
      log("info", "removed a backup whose time is up", { file });
    }
  };

  await mkdir(config.folder, { recursive: true });
  // What an earlier run was writing when it was killed.
  for (const file of await readdir(config.folder))
    if (file.startsWith(`${config.environment}-`) && file.endsWith(partial("")))
      await rm(path.join(config.folder, file), { force: true });
  log("info", "started", {
    folder: config.folder,
    everyMs: config.everyMs,
    encrypted: passphrase !== undefined,
  });

  let failuresInARow = 0;
  let notBefore = 0;
  // A long backup is no ill health; one that failed is, until the next succeeds.
  const alive = setInterval(() => {
    if (failuresInARow === 0) health.progress();
  }, 5_000);
  while (!stop.aborted) {
    const backups = await stored();
    kept.set(backups.length);
    if (backups[0]) lastSuccess.set(backups[0].begunMs / 1_000);
    const due = (backups[0]?.begunMs ?? 0) + config.everyMs;
    if (Date.now() >= Math.max(due, notBefore)) {
      try {
        await take();
        failuresInARow = 0;
        await forget();
      } catch (error) {
        if (isAborted(stop)) break;
        const retryInMs = Math.min(retryMs.first * 2 ** failuresInARow++, retryMs.most);
        notBefore = Date.now() + retryInMs;
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

/** Asked anew: TypeScript believes that a signal not aborted before an await isn't aborted after it either. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
