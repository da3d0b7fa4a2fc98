/**
 * The document sink against a single Kafka node and a server of MongoDB's protocol: every message one document, whatever dies on the way.
 * With WEATHER_LONG=1 there are more messages and more kills.
 */
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { MongoClient } from "mongodb";
import { type WeatherDocument } from "../../apps/documents/document";
import { header, messageId, schemaVersion, type WeatherMessage } from "../../apps/shared/message";
import { Sender } from "../../apps/shared/sender";
import { bundle } from "../../components/apps/bundle";
import { appEntry } from "../../components/apps/typescript-app";
import { startBroker, type TestBroker } from "./broker";
import { type TestMongo, testMongo } from "./mongo-server";
import { eventually, freePorts } from "./run";

jest.setTimeout(300_000);

const isLong = process.env["WEATHER_LONG"] === "1";
const kills = isLong ? 10 : 1;
const messagesBetween = isLong ? 20_000 : 2_000;
const group = "weather-documents";
const stations = 20;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-documents-"));
const configFile = path.join(folder, "config.json");

let broker: TestBroker;
let mongo: TestMongo;
let client: MongoClient;
let sender: Sender;
let sink: ChildProcess | undefined;
let url: string;
let sent = 0;

function startSink(): void {
  const { contextFolder } = bundle(appEntry("documents"), "node");
  const log = fs.openSync(path.join(folder, "log"), "a");
  sink = spawn(process.execPath, [path.join(contextFolder, "app.js"), configFile], {
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
}

async function endSink(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  const ending = sink;
  if (!ending || ending.exitCode !== null || ending.signalCode !== null) return null;
  const ended = new Promise<number | null>((resolve) => ending.once("exit", resolve));
  ending.kill(signal);
  return ended;
}

function message(number: number): WeatherMessage {
  const time = new Date(Date.UTC(2026, 0, 1) + Math.floor(number / stations) * 1_000);
  return {
    station: `station-${number % stations}`,
    time: time.toISOString().replace("Z", "000001Z"),
    temperature: (number % 400) / 10,
    pressure: 1_013,
    wind: 3,
    ...(number % 2 === 0 && { humidity: 50 }),
  };
}

const idOf = ({ station, time }: WeatherMessage) =>
  messageId(station, `${Date.parse(`${time.slice(0, 19)}Z`) / 1_000}${time.slice(20, -1).padEnd(9, "0")}`);

/** Sends the next messages, each once, and some of those before again. */
async function send(count: number, again = 0): Promise<void> {
  const numbers = [
    ...Array.from({ length: count }, (_, index) => sent + index),
    ...Array.from({ length: again }, (_, index) => index),
  ];
  const records = numbers.map((number) => {
    const one = message(number);
    return {
      key: one.station,
      value: JSON.stringify(one),
      headers: { [header.schemaVersion]: schemaVersion, [header.messageId]: idOf(one) },
    };
  });
  await sender.send("weather", records);
  sent += count;
}

const documents = () => client.db("weather").collection<WeatherDocument>("weather");
const health = async () => {
  const response = await fetch(`${url}/healthz`);
  return { status: response.status, text: await response.text() };
};
const metric = async (name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1]);
};

/** Messages that the group has not committed yet. */
async function lag(): Promise<number> {
  const admin = broker.kafka.admin();
  await admin.connect();
  try {
    const [ends, [offsets]] = await Promise.all([
      admin.fetchTopicOffsets("weather"),
      admin.fetchOffsets({ groupId: group, topics: ["weather"] }),
    ]);
    const committed = new Map(
      offsets?.partitions.map(({ partition, offset }) => [partition, Number(offset)]),
    );
    return ends.reduce(
      (sum, { partition, high }) => sum + Number(high) - Math.max(0, committed.get(partition) ?? 0),
      0,
    );
  } finally {
    await admin.disconnect();
  }
}

const allTaken = () => eventually(lag, (behind) => behind === 0, 60_000);

beforeAll(async () => {
  [broker, mongo] = await Promise.all([
    startBroker([{ name: "weather", partitions: 4 }]),
    testMongo(folder).then(async (server) => {
      await server.start();
      return server;
    }),
  ]);
  const [port] = await freePorts(1);
  url = `http://127.0.0.1:${port}`;
  sender = new Sender(broker.kafka);
  client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 5_000 });
  fs.writeFileSync(
    configFile,
    JSON.stringify({
      kafka: { brokers: [broker.address] },
      mongodb: { url: mongo.url, answerWithinMs: 2_000 },
      http: { host: "127.0.0.1", port },
    }),
  );
}, 600_000);

afterAll(async () => {
  await endSink("SIGKILL");
  await client.close();
  await sender.close();
  await mongo.stop();
  await broker.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test("every message becomes one document under its id; what is sent again or is no weather adds none", async () => {
  await send(messagesBetween, 500);
  await sender.send("weather", [
    { key: "station-1", value: "no weather", headers: { [header.schemaVersion]: schemaVersion } },
    { key: "station-1", value: null, headers: {} },
  ]);
  startSink();
  await allTaken();
  expect(await documents().countDocuments()).toBe(sent);
  const first = message(0);
  expect(await documents().findOne({ _id: idOf(first) })).toEqual({
    _id: "station-0@1767225600000000001",
    ...{ station: "station-0", temperature: 0, pressure: 1_013, wind: 3, humidity: 50 },
    time: new Date("2026-01-01T00:00:00.000Z"),
  });
  expect(await metric("weather_documents_unusable_total")).toBe(2);
  expect((await health()).status).toBe(200);
});

test("a sink that is killed while it writes goes on where MongoDB has acknowledged: nothing is missing, nothing double", async () => {
  for (let kill = 0; kill < kills; kill++) {
    const before = await documents().countDocuments();
    await send(messagesBetween);
    await eventually(
      () => documents().countDocuments(),
      (count) => count > before,
      30_000,
    );
    await endSink("SIGKILL");
    startSink();
  }
  await allTaken();
  expect(await documents().countDocuments()).toBe(sent);
});

test("while MongoDB is away the sink waits, says so, and keeps its place; then it goes on by itself", async () => {
  await mongo.stop();
  await send(messagesBetween);
  const log = () => Promise.resolve(fs.readFileSync(path.join(folder, "log"), "utf8"));
  await eventually(log, (text) => text.includes("MongoDB takes no documents"), 30_000);
  // Longer than a session of the group: whoever waits must not be thrown out of it.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  expect(await lag()).toBeGreaterThan(0);
  const joins = (await log()).split("joined the group").length;
  await mongo.start();
  await allTaken();
  expect(await documents().countDocuments()).toBe(sent);
  expect((await log()).split("joined the group")).toHaveLength(joins);
  expect(await metric("weather_documents_write_failures_total")).toBeGreaterThan(0);
  expect((await health()).status).toBe(200);
});

test("SIGTERM ends it in order, MongoDB there or not", async () => {
  expect(await endSink("SIGTERM")).toBe(0);
  await mongo.stop();
  await send(100);
  startSink();
  const log = () => Promise.resolve(fs.readFileSync(path.join(folder, "log"), "utf8"));
  const before = (await log()).split("MongoDB takes no documents").length;
  await eventually(log, (text) => text.split("MongoDB takes no documents").length > before, 30_000);
  expect(await endSink("SIGTERM")).toBe(0);
});
