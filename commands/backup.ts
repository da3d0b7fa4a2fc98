import { type Manifest, messagesIn } from "../apps/backup/manifest";
import { takeBackup } from "../apps/backup/take";
import { readArguments, runCommand } from "./arguments";
import { destinationAt } from "./backup-place";
import { backupServers } from "./live/backup-servers";
import { runningStack } from "./live/outputs";
import { passphraseIn } from "./passphrase";
import { table } from "./table";

const usage =
  "npm run backup [-- --stack dev] [--to FOLDER|s3://BUCKET[/PREFIX]] [--endpoint URL] [--passphrase-file FILE] [--json]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    to: { type: "string" },
    endpoint: { type: "string" },
    "passphrase-file": { type: "string" },
    json: { type: "boolean", default: false },
  });
  const passphrase = passphraseIn(values["passphrase-file"]);
  const destination = destinationAt(values.to, values.endpoint);
  const { outputs } = await runningStack(values.stack);
  const giveUp = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      giveUp.abort(new Error("Given up; no backup stays."));
    });
  const begun = Date.now();
  const { name, bytes, manifest } = await takeBackup({
    ...backupServers(outputs),
    environment: outputs.prefix,
    destination,
    passphrase,
    signal: giveUp.signal,
  });
  const seconds = (Date.now() - begun) / 1_000;
  const { parts, ...summary } = manifest;
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ file: name, bytes, seconds, parts: parts.length, ...summary }, null, 2)}\n`
      : `${contentsOf(manifest)}\n\nBacked up and read back in ${seconds.toFixed(1)} s: ${name} (${bytes.toLocaleString("en")} bytes${passphrase === undefined ? "" : ", encrypted"})\nRestore it with: npm run restore -- ${name}${values.endpoint === undefined ? "" : ` --endpoint ${values.endpoint}`}\n`,
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
