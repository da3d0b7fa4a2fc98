import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { verifyBackup } from "../apps/backup/archive";
import { type StoredArchive } from "../apps/backup/destination";
import { filledBuckets } from "../apps/backup/influxdb-restore";
import { findingsInKafka } from "../apps/backup/kafka-restore";
import { type Manifest } from "../apps/backup/manifest";
import { putBack } from "../apps/backup/put-back";
import { stateFolder } from "../embedded/folder";
import { UserError } from "../embedded/stack-config";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { archiveAt } from "./backup-place";
import { backupServers } from "./live/backup-servers";
import { runningStack, type RunningStack } from "./live/outputs";
import { metricsBucketName } from "../components/telegraf/metrics";
import { act } from "./live/act";
import { programsOf } from "./live/programs";
import { services } from "./live/services";
import { passphraseIn } from "./passphrase";
import { table } from "./table";
import { chooseTarget } from "./target";

const usage =
  "npm run restore -- FILE|s3://BUCKET/PREFIX/FILE [--endpoint URL] [--stack dev] [--target docker|embedded] [--set path=value] [--passphrase-file FILE] [--replace-data] [--check]";

/** Nothing may be injected before the data is back. */
const noInject = "inject.enabled=false";

runCommand(async () => {
  const { values, positionals } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    target: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    endpoint: { type: "string" },
    "passphrase-file": { type: "string" },
    "replace-data": { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  });
  const [file] = positionals;
  if (file === undefined) throw new UserError(`Usage: ${usage}`);
  const { stack, "replace-data": replaceData } = values;
  const passphrase = passphraseIn(values["passphrase-file"]);
  const archive = archiveAt(file, values.endpoint);
  const manifest = await verifyBackup(archive, passphrase);
  process.stdout.write(
    `${file} is whole: ${manifest.parts.length} parts of ${manifest.environment}, begun ${manifest.begun}\n`,
  );
  if (values.check) return 0;

  const up = (target: string, settings: readonly string[]) =>
    command("up", [
      "--stack",
      stack,
      "--target",
      target,
      "--detach",
      ...settings.flatMap((setting) => ["--set", setting]),
    ]);
  const before = await upAlready(stack);
  const target = before?.target ?? chooseTarget(values.target).target;
  if (!before) {
    if (target === "embedded" && !replaceData) refuseKeptVolumes(stack);
    await up(target, [...values.set, noInject]);
  }
  const running = before ?? (await runningStack(stack));

  const refusals = await refusalsOf(running, manifest, replaceData);
  if (refusals.length > 0) {
    if (!before) await command("down", ["--stack", stack]);
    throw new UserError(
      `${file} isn't restored to the stack ${stack}; nothing was changed:\n  ${refusals.join("\n  ")}`,
    );
  }

  await restoreAtRest(running, { archive, manifest, passphrase });
  if (!before && !values.set.includes(noInject)) {
    // The embedded run doesn't change what is up.
    if (target === "embedded") await command("down", ["--stack", stack]);
    await up(target, values.set);
  }
  return 0;
});

/** The stack where it is up already, be it in part. */
async function upAlready(stack: string): Promise<RunningStack | undefined> {
  let running: RunningStack;
  try {
    running = await runningStack(stack);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  return (await services(running)).some(({ state }) => state === "running") ? running : undefined;
}

/** An embedded run that is down may have kept its data. */
function refuseKeptVolumes(stack: string): void {
  const { volumes } = stateFolder(projectRoot, stack);
  if (!fs.existsSync(volumes) || fs.readdirSync(volumes).length === 0) return;
  throw new UserError(
    `The stack ${stack} is down and has kept its data in ${volumes}; nothing was changed. Say --replace-data if the backup may take its place, or remove it with: npm run down -- --stack ${stack} --volumes`,
  );
}

/** What stands against the restore. */
async function refusalsOf(
  { outputs }: RunningStack,
  manifest: Manifest,
  replaceData: boolean,
): Promise<string[]> {
  const { kafka, influxdb } = backupServers(outputs);
  const { filled, impossible } = await findingsInKafka(kafka, manifest);
  if (replaceData) return [...impossible];
  const held = [
    ...filled.map(({ topic, messages }) => `topic ${topic} has ${messages.toLocaleString("en")} messages`),
    ...(await filledBuckets(influxdb, manifest))
      // Every environment writes figures of itself from its first second; those of the backup take the place of these.
      .filter(({ bucket }) => bucket !== metricsBucketName)
      .map(({ bucket, values }) => `bucket ${bucket} holds ${values.toLocaleString("en")} values`),
  ];
  return [
    ...impossible,
    ...held,
    ...(held.length > 0 ? ["Say --replace-data if the backup may take the place of all that."] : []),
  ];
}

/** Restores while every program stands still, and starts the programs again. */
async function restoreAtRest(
  running: RunningStack,
  backup: { archive: StoredArchive; manifest: Manifest; passphrase: string | undefined },
): Promise<void> {
  const begun = Date.now();
  const programs = await programsOf(running);
  process.stdout.write(`Stopping ${programs.length} programs, restoring ...\n`);
  await Promise.all(programs.map((program) => act(running, program, "stop")));
  let restored: Awaited<ReturnType<typeof putBack>>;
  try {
    restored = await putBack({ ...backupServers(running.outputs), ...backup });
  } catch (error) {
    throw new UserError(
      `The restore broke off: ${error instanceof Error ? error.message : String(error)}\nThe programs of the stack ${running.stack} stand still. Begin again with --replace-data; the backup is untouched.`,
    );
  }
  await Promise.all(programs.map((program) => act(running, program, "start")));
  const figure = (value: number) => value.toLocaleString("en");
  const rows = restored.map(({ what, saved, restored: now }) => [what, figure(saved), figure(now)]);
  process.stdout.write(
    `${table(["RESTORED", "SAVED", "NOW"], rows)}\nRestored in ${((Date.now() - begun) / 1_000).toFixed(1)} s, and the programs go on.\n`,
  );
  const short = restored.filter(({ saved, restored: now }) => now < saved).map(({ what }) => what);
  if (short.length > 0)
    process.stderr.write(
      `Less than was saved: ${short.join(", ")}. What is older than a bucket or topic keeps is dropped by its server.\n`,
    );
}

/** Runs another command of this package in the terminal. @throws UserError where it fails. */
async function command(name: string, args: readonly string[]): Promise<void> {
  process.stdout.write(`\n> npm run ${name} -- ${args.join(" ")}\n`);
  const child = spawn(process.execPath, [path.join(projectRoot, "commands", "run.mjs"), name, ...args], {
    cwd: projectRoot,
    stdio: "inherit",
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => {
      resolve(status ?? 1);
    });
  });
  if (code !== 0) throw new UserError(`npm run ${name} failed; see above.`);
}
