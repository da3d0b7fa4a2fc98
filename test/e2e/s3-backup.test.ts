/** Backups to a bucket: a Kafka node, an influxd and a server of S3's protocol that checks signatures, each of the test's own. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { buffer } from "node:stream/consumers";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { Partitioners } from "kafkajs";
import { ArchiveWriter, verifyBackup } from "../../apps/backup/archive";
import { putBack } from "../../apps/backup/put-back";
import { backupsAmong } from "../../apps/backup/retention";
import { s3Destination } from "../../apps/backup/s3-destination";
import { takeBackup } from "../../apps/backup/take";
import { bundle } from "../../components/apps/bundle";
import { appEntry } from "../../components/apps/typescript-app";
import { startBroker, type TestBroker } from "./broker";
import { startInfluxd, type TestInfluxd } from "./influxd";
import { eventually, freePorts, run } from "./run";
import { type TestS3, testS3 } from "./s3-server";

jest.setTimeout(120_000);

const environment = "weather-test";
const bucket = "backups";
const prefix = "weather/test";
const messages = 12;
const values = 500;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-s3-backup-"));
const noStop = new AbortController().signal;

let broker: TestBroker;
let influxd: TestInfluxd;
let store: TestS3;
let client: S3Client;
let program: ChildProcess | undefined;

const place = (prefix: string, settings: Partial<Parameters<typeof s3Destination>[0]> = {}) =>
  s3Destination({
    bucket,
    prefix,
    endpoint: store.endpoint,
    region: "us-east-1",
    credentials: store.credentials,
    ...settings,
  });
const order = (destination: ReturnType<typeof place>, signal = noStop) => ({
  ...{ environment, kafka: broker.kafka, influxdb: influxd, destination, signal },
});
const halfSent = async () =>
  (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
const messageOf = async (doing: Promise<unknown>) => String(await doing.catch((error: unknown) => error));

beforeAll(async () => {
  store = await testS3(folder);
  await store.start();
  influxd = await startInfluxd();
  broker = await startBroker([{ name: "weather", partitions: 2 }]);
  client = new S3Client({
    ...{
      endpoint: store.endpoint,
      region: "us-east-1",
      // A copy: the SDK writes into it.
      credentials: { ...store.credentials },
      forcePathStyle: true,
    },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  // More than one part of an upload, however well it's compressed.
  const producer = broker.kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let index = 0; index < messages; index++)
    await producer.send({
      topic: "weather",
      messages: [{ partition: index % 2, key: `station-${index}`, value: randomBytes(900_000) }],
    });
  await producer.disconnect();
  const writes = new InfluxDB({ url: influxd.url, token: influxd.token }).getWriteApi("myorg", "first", "ms");
  for (let index = 0; index < values; index++)
    writes.writePoint(
      new Point("weather").floatField("temperature", index / 10).timestamp(Date.now() - index * 1_000),
    );
  await writes.close();
}, 300_000);

afterAll(async () => {
  await ended("SIGKILL");
  // Whichever were started, should one have failed to.
  await Promise.allSettled([store, influxd, broker].map(async (server) => server.stop()));
  fs.rmSync(folder, { recursive: true, force: true });
});

test("a backup goes to the bucket in parts, is read back, and restored from there", async () => {
  const destination = place(prefix);
  expect(await destination.list("")).toEqual([]);
  // Servers that were started a moment ago may still refuse; the program repeats it too.
  const { name, bytes, manifest } = await eventually(
    () => takeBackup(order(destination)),
    () => true,
    30_000,
  );
  expect(bytes).toBeGreaterThan(9.5 * 1024 * 1024);
  expect(manifest.kafka.topics.map(({ partitions }) => partitions.map(({ messages }) => messages))).toEqual([
    [messages / 2, messages / 2],
  ]);
  expect(manifest.influxdb.buckets).toMatchObject([{ name: "first", values }]);
  const [file = ""] = await destination.list(`${environment}-`);
  expect(name).toBe(`s3://${bucket}/${prefix}/${file}`);
  expect(backupsAmong([file], environment)).toHaveLength(1);
  expect(await halfSent()).toEqual([]);

  const archive = place(prefix).open(file);
  const readBack = await verifyBackup(archive);
  expect(readBack).toEqual(manifest);
  expect(await putBack({ archive, manifest, kafka: broker.kafka, influxdb: influxd })).toEqual([
    { what: "topic weather", saved: messages, restored: messages },
    { what: "bucket first", saved: values, restored: values },
  ]);

  const whole = await buffer(archive.read());
  const put = async (key: string, bytes: Buffer) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${key}`, Body: bytes }));
    return messageOf(verifyBackup(destination.open(key)));
  };
  expect(await put("cut", whole.subarray(0, whole.length / 2))).toMatch(
    /ends before its end\. Nothing was touched/,
  );
  whole.writeUInt8(whole.readUInt8(9_000_000) ^ 1, 9_000_000);
  expect(await put("altered", whole)).toMatch(/altered\. Nothing was touched/);
  expect(await put("empty", Buffer.alloc(0))).toMatch(/ends before its end/);
  expect(await messageOf(verifyBackup(destination.open("absent")))).toBe(
    `Error: There is no s3://${bucket}/${prefix}/absent`,
  );
});

test("an encrypted one is read back with its passphrase alone", async () => {
  const destination = place("encrypted");
  const archive = await ArchiveWriter.begin(await destination.begin("a.tar.enc"), "correct horse");
  await archive.add({ kind: "messages", topic: "weather", partition: 0 }, randomBytes(100_000));
  const { manifest } = await archive.finish({
    ...{
      format: "weather-backup",
      version: 1,
      environment,
      begun: "2026-01-31T10:00:00Z",
      finished: "2026-01-31T10:00:01Z",
    },
    kafka: { clusterId: "none", topics: [], groups: [] },
    influxdb: { org: "myorg", buckets: [] },
  });
  expect(await verifyBackup(destination.open("a.tar.enc"), "correct horse")).toEqual(manifest);
  await expect(verifyBackup(destination.open("a.tar.enc"), "battery staple")).rejects.toThrow(
    /passphrase is wrong/,
  );
});

test("a wrong key, a wrong bucket, and a backup that is given up leave nothing, and say what is wrong", async () => {
  const wrongSecret = place("faults", { credentials: { ...store.credentials, secretAccessKey: "another" } });
  const refused = `${store.endpoint} refuses the credentials for s3://${bucket}/faults`;
  expect(await messageOf(wrongSecret.list(""))).toContain(refused);
  expect(await messageOf(takeBackup(order(wrongSecret)))).toMatch(
    /refuses the credentials .*correct the access key/,
  );
  const noBucket = place("faults", { bucket: "no-such-bucket" });
  const absent = `Error: ${store.endpoint} has no bucket no-such-bucket: create it there, or correct its name`;
  expect(await messageOf(noBucket.list(""))).toBe(absent);
  expect(await messageOf(takeBackup(order(noBucket)))).toBe(absent);

  const destination = place("faults");
  const growing = await destination.begin(`${environment}-20260131T100000Z.tar`);
  for (let sent = 0; sent < 20; sent++) await growing.write(randomBytes(1024 * 1024));
  expect(await halfSent()).toHaveLength(1);
  await growing.abandon();
  expect(await halfSent()).toEqual([]);
  expect(await destination.list("")).toEqual([]);
});

test("the commands take a bucket, and tell a wrong key without a stack trace", async () => {
  const [file = ""] = await place(prefix).list(`${environment}-`);
  const check = async (secretAccessKey: string) => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const name = `s3://${bucket}/${prefix}/${file}`;
    return run(folder, "restore", [name, "--endpoint", store.endpoint, "--check"]);
  };
  const whole = await check(store.credentials.secretAccessKey);
  expect(whole).toMatchObject({ code: 0 });
  expect(whole.output).toContain(`${file} is whole: `);
  const { code, output } = await check("another");
  expect(code).toBe(1);
  expect(output).toMatch(/refuses the credentials for s3:.*: correct the access key\n$/);
  expect(output).not.toContain("    at ");
});

test("the program waits for a store that is away, removes what it had half sent, and keeps so many", async () => {
  const destination = place("program");
  const left = { Bucket: bucket, Key: `program/${environment}-20260131T100000Z.tar` };
  await client.send(new CreateMultipartUploadCommand(left));
  await store.stop();
  const [port = 0] = await freePorts(1);
  const say = (name: string, content: string) => {
    fs.writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const config = {
    environment,
    kafka: { brokers: [broker.address] },
    influxdb: { url: influxd.url, org: influxd.org, tokenFile: say("token", influxd.token) },
    to: {
      ...{ kind: "s3", bucket, prefix: "program", endpoint: store.endpoint },
      credentialsFile: say("access-key", JSON.stringify(store.credentials)),
    },
    ...{ everyMs: 1_000, keep: 2, http: { port, host: "127.0.0.1" } },
  };
  const { contextFolder } = bundle(appEntry("backup"), "node");
  const log = path.join(folder, "program.log");
  const output = fs.openSync(log, "a");
  program = spawn(
    process.execPath,
    [path.join(contextFolder, "app.js"), say("config.json", JSON.stringify(config))],
    { stdio: ["ignore", output, output] },
  );
  fs.closeSync(output);
  const ask = async (route: string) => (await fetch(`http://127.0.0.1:${port}${route}`)).text();
  const away = `${store.endpoint} can't be reached for s3://${bucket}/program`;
  await eventually(
    () => ask("/healthz"),
    (text) => text.includes(`the last backup failed: ${away}`),
    30_000,
  ).catch((error: unknown) => {
    throw new Error(fs.readFileSync(log, "utf8"), { cause: error });
  });
  expect(fs.readFileSync(log, "utf8")).toContain(away);

  await store.start();
  await eventually(
    () => ask("/metrics"),
    (text) => Number(/^weather_backup_successes_total (\d+)/m.exec(text)?.[1]) >= 3,
    60_000,
  );
  expect(await ended("SIGTERM")).toBe(0);
  const kept = await destination.list("");
  expect(kept.length).toBeGreaterThanOrEqual(2);
  expect(kept.length).toBeLessThanOrEqual(3);
  expect(fs.readFileSync(log, "utf8")).toContain("removed a backup whose time is up");
  expect(fs.readFileSync(log, "utf8")).not.toContain(store.credentials.secretAccessKey);
  expect(await halfSent()).toEqual([]);
});

/** Ends the program by its id. */
async function ended(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  const ending = program;
  if (!ending || ending.exitCode !== null || ending.signalCode !== null) return null;
  const exit = new Promise<number | null>((resolve) => ending.once("exit", resolve));
  ending.kill(signal);
  return exit;
}
