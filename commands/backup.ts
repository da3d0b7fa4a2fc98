import * as path from "node:path";
import { type Manifest, messagesIn } from "../apps/backup/manifest";
import { takeBackup } from "../apps/backup/take";
import { weatherFolder } from "../embedded/folder";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { backupServers } from "./live/backup-servers";
import { runningStack } from "./live/outputs";
import { passphraseIn } from "./passphrase";
import { table } from "./table";

const usage = "npm run backup [-- --stack dev] [--to FOLDER] [--passphrase-file FILE] [--json]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    to: { type: "string" },
    "passphrase-file": { type: "string" },
    json: { type: "boolean", default: false },
  });
  const passphrase = passphraseIn(values["passphrase-file"]);
  const { outputs } = await runningStack(values.stack);
  const giveUp = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      giveUp.abort(new Error("Given up; no file stays."));
    });
  const begun = Date.now();
  const { file, bytes, manifest } = await takeBackup({
    ...backupServers(outputs),
    environment: outputs.prefix,
    folder: path.resolve(values.to ?? path.join(weatherFolder(projectRoot), "backups")),
    passphrase,
    signal: giveUp.signal,
  });
  const seconds = (Date.now() - begun) / 1_000;
  const { parts, ...summary } = manifest;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ file, bytes, seconds, parts: parts.length, ...summary }, null, 2)}\n`
      : `${contentsOf(manifest)}\n\nBacked up and read back in ${seconds.toFixed(1)} s: ${file} (${bytes.toLocaleString("en")} bytes${passphrase === undefined ? "" : ", encrypted"})\nRestore it with: npm run restore -- ${file}\n`,
  );
  return 0;
});

/** What a backup holds, for a terminal. */
function contentsOf({ kafka, influxdb }: Manifest): string {
  const figure = (value: number) => value.toLocaleString("en");
  return [
    table(
      ["TOPIC", "PARTITIONS", "MESSAGES"],
      kafka.topics.map((topic) => [topic.name, String(topic.partitions.length), figure(messagesIn(topic))]),
    ),
    table(
      ["GROUP", "TOPIC", "COMMITTED"],
      kafka.groups.flatMap(({ group, topics }) =>
        topics.map(({ topic, partitions }) => [
          group,
          topic,
          partitions.map(({ partition, offset }) => `${partition}:${offset}`).join(" "),
        ]),
      ),
    ),
    table(
      ["BUCKET", "SHARDS", "VALUES"],
      influxdb.buckets.map(({ name, shardGroups, values }) => [
        name,
        String(shardGroups.reduce((sum, { shards }) => sum + shards.length, 0)),
        figure(values),
      ]),
    ),
  ].join("\n\n");
}
