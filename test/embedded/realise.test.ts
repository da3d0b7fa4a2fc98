import * as fs from "node:fs";
import * as path from "node:path";
import { AddressBook } from "../../embedded/containers/place";
import { type Driver } from "../../embedded/drivers/driver";
import { ProcessBook } from "../../embedded/processes";
import { type Registration } from "../../embedded/program";
import { type RealiseEvent, Realiser } from "../../embedded/realise";
import { ResourceStore } from "../../embedded/resources/store";
import { scratchFolder, scratchState, until } from "./scratch";

let folder: string;
let realiser: Realiser;
let events: RealiseEvent[];
const idle: Driver = {
  start: ({ environment }) =>
    Promise.resolve({
      file: process.execPath,
      args: ["-e", "console.log('peer ' + process.env.PEER); setTimeout(() => {}, 30000)"],
      environment,
    }),
};
beforeEach(() => {
  folder = scratchFolder();
  const state = scratchState(folder);
  const addresses = new AddressBook("127.71.3");
  addresses.addressOf(["peer"]);
  events = [];
  realiser = new Realiser(
    ...([
      folder,
      state,
      addresses,
      new ResourceStore(state.resources),
      new ProcessBook(state.processes),
    ] as const),
    (image) => (image.startsWith("known:") ? idle : undefined),
    (event) => events.push(event),
  );
});
afterEach(async () => {
  await Promise.all(realiser.containers.map((container) => container.stop("SIGKILL")));
  fs.rmSync(folder, { recursive: true, force: true });
});

function registration(
  type: string,
  name: string,
  inputs: Record<string, unknown>,
  more: Partial<Registration> = {},
) {
  return {
    ...{
      urn: `urn:pulumi:test::weather::${type}::${name}`,
      type,
      name,
      inputs,
      parent: "",
      dependencies: [],
    },
    ...{ provider: "", custom: true, protect: false },
    ...more,
  };
}

const container = "docker:index/container:Container";

test("a container becomes a process that finds others by their addresses", async () => {
  const made = await realiser.realise(
    registration(container, "thing", {
      name: "weather-test-thing",
      image: "known:1",
      envs: ["PEER=peer:80"],
    }),
  );
  expect(made).toMatchObject({
    id: "weather-test-thing-id",
    state: { name: "weather-test-thing", image: "known:1" },
  });
  expect(realiser.containers.map((one) => one.status().state)).toEqual(["running"]);
  const log = path.join(folder, ".weather/test/containers/weather-test-thing/log");
  await until("it speaks", () => fs.readFileSync(log, "utf8").includes("peer 127.71.3.1:80"));
  expect(events.map(({ phase }) => phase)).toEqual(["begin", "done"]);
});

test("a container whose image has no driver is named as left out, never faked", async () => {
  await realiser.realise(
    registration(container, "kafdrop", { name: "weather-test-kafdrop", image: "unknown:1" }),
  );
  expect(realiser.leftOut).toEqual(["weather-test-kafdrop"]);
  expect(realiser.containers).toEqual([]);
  expect(events.map(({ phase }) => phase)).toEqual(["begin", "left out"]);
});

test("what depends on a container that was left out, itself or through its component, is left out with it", async () => {
  const server = registration(container, "db", { name: "weather-test-db", image: "unknown:1" });
  const sink = registration("weather:apps:Sink", "sink", {}, { custom: false, dependencies: [server.urn] });
  const app = registration("weather:workload:Workload", "app", {}, { custom: false, parent: sink.urn });
  const image = { image: "known:1" };
  await realiser.realise(server);
  await realiser.realise(sink);
  await realiser.realise(app);
  await realiser.realise(
    registration(container, "sink", { name: "weather-test-sink", ...image }, { parent: app.urn }),
  );
  await realiser.realise(registration(container, "other", { name: "weather-test-other", ...image }));
  expect(realiser.leftOut).toEqual(["weather-test-db", "weather-test-sink (needs weather-test-db)"]);
  expect(realiser.containers.map(({ container: { name } }) => name)).toEqual(["weather-test-other"]);
  expect(
    events.filter(({ phase }) => phase === "left out").map(({ registration: { name } }) => name),
  ).toEqual(["db", "sink"]);
});

test("a container of a built image runs the bundle of its build context", async () => {
  const context = path.join(folder, "bundle");
  fs.mkdirSync(context);
  fs.writeFileSync(
    path.join(context, "Dockerfile"),
    'COPY app.js /app/app.js\nENTRYPOINT ["node", "/app/app.js"]\n',
  );
  fs.writeFileSync(
    path.join(context, "app.js"),
    "console.log('bundled ' + process.argv[2]); setTimeout(() => {}, 30000)",
  );
  const image = await realiser.realise(
    registration("docker:index/image:Image", "app", { imageName: "weather-app:1", build: { context } }),
  );
  expect(image.state).toMatchObject({ imageName: "weather-app:1", repoDigest: "weather-app:1" });
  await realiser.realise(
    registration(container, "app", { name: "app", image: "weather-app:1", command: ["x"] }),
  );
  const log = path.join(folder, ".weather/test/containers/app/log");
  await until("it speaks", () => fs.readFileSync(log, "utf8").includes("bundled x"));
});

test.each([
  ["docker:index/volume:Volume", { name: "data" }, "data", { name: "data" }],
  ["docker:index/network:Network", { name: "net" }, "net", { name: "net" }],
  ["docker:index/remoteImage:RemoteImage", { name: "i:1" }, "i:1", { name: "i:1", imageId: "i:1" }],
])("a %s is what it's called", async (type, inputs, id, state) => {
  expect(await realiser.realise(registration(type, "r", inputs))).toMatchObject({ id, state });
});

test("a component is nothing of its own, and not told of", async () => {
  const component = registration("weather:kafka:KafkaCluster", "kafka", { a: 1 }, { custom: false });
  expect(await realiser.realise(component)).toEqual({ id: undefined, state: { a: 1 } });
  expect(events).toEqual([]);
});

test("a random password is kept for the next run", async () => {
  const wanted = registration("random:index/randomPassword:RandomPassword", "p", { length: 20 });
  const first = await realiser.realise(wanted);
  expect(first.state["result"]).toHaveLength(20);
  expect(await realiser.realise(wanted)).toEqual(first);
});

test("a topic without its cluster's provider says how to give it one", async () => {
  await expect(realiser.realise(registration("kafka:index/topic:Topic", "t", { name: "t" }))).rejects.toThrow(
    "kafka:index/topic:Topic t names no Kafka provider: give it { provider: cluster.provider }",
  );
});

test("what the embedded run doesn't know is refused by name, with the way out", async () => {
  await expect(realiser.realise(registration("aws:s3/bucket:Bucket", "b", {}))).rejects.toThrow(
    "b is a aws:s3/bucket:Bucket, which the embedded run doesn't know: use --target docker",
  );
});
