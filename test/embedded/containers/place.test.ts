import * as fs from "node:fs";
import * as path from "node:path";
import { AddressBook } from "../../../embedded/containers/place";
import { containerSpec, type ContainerSpec } from "../../../embedded/containers/spec";
import { scratchFolder, scratchState } from "../scratch";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function bookOf(...names: string[][]): AddressBook {
  const book = new AddressBook("127.70.9");
  for (const hostnames of names) book.addressOf(hostnames);
  return book;
}

test("a container has one address for all its names, another than any other container's", () => {
  const book = bookOf(["kafka1", "broker-one"], ["kafka2"]);
  expect(book.addressOf(["broker-one"])).toBe("127.70.9.1");
  expect(book.addressOf(["kafka2", "second"])).toBe("127.70.9.2");
  expect(book.addressOf(["second"])).toBe("127.70.9.2");
  expect(book.addressOf(["kafka3"])).toBe("127.70.9.3");
});

test.each([
  ["kafka1:9092,kafka10:9092", "127.70.9.1:9092,127.70.9.2:9092"],
  ["1@kafka1:9093", "1@127.70.9.1:9093"],
  ["http://influxdb:8086/api", "http://127.70.9.3:8086/api"],
  ["INTERNAL://kafka1:9092,HOST://127.0.0.1:19092", "INTERNAL://127.70.9.1:9092,HOST://127.0.0.1:19092"],
  ['"my.host:1","influxdb:8086"', '"my.host:1","127.70.9.3:8086"'],
  ["my-kafka1:9092 x.kafka1:9092 kafka1x:9092", "my-kafka1:9092 x.kafka1:9092 kafka1x:9092"],
  ["influxdb: a bucket; kafka1 is up", "influxdb: a bucket; kafka1 is up"],
  ["my.host:80 myxhost:80", "my.host:80 myxhost:80"],
])("%s", (text, resolved) => {
  expect(bookOf(["kafka1"], ["kafka10"], ["influxdb"]).resolve(text)).toBe(resolved);
});

test("a dot in a name is a dot, and an empty book changes nothing", () => {
  expect(bookOf(["my.host"]).resolve("my.host:80 myxhost:80")).toBe("127.70.9.1:80 myxhost:80");
  expect(bookOf().resolve("kafka1:9092")).toBe("kafka1:9092");
});

test("names are resolved in all texts of a value, and nothing else is touched", () => {
  expect(bookOf(["a"]).resolveIn({ x: ["a:1", 2, null], y: { z: "a:3" }, w: true, u: undefined })).toEqual({
    ...{ x: ["127.70.9.1:1", 2, null], y: { z: "127.70.9.1:3" }, w: true, u: undefined },
  });
});

const spec: ContainerSpec = {
  ...{ name: "weather-test-thing", hostnames: ["thing"], image: "thing:1", probe: undefined },
  ...{ ports: [], restart: "no", stopSeconds: 1 },
  command: ["run", "--config", "/etc/thing/thing.conf", "--folder=/etc/thing", "--listen", "0.0.0.0:8186"],
  environment: {
    DATA: "/var/lib/thing/data/logs",
    TOKEN_FILE: "/run/secrets/token",
    URL: "http://other:80/var/lib/thing/data",
    LONGER: "/var/lib/thing/database /run/secrets-old /my/run/secrets/token",
    VERSION: "10.0.0.0 0.0.0.0.1",
  },
  files: [
    {
      path: "/etc/thing/thing.conf",
      content: 'data = "/var/lib/thing/data"\nlisten = "0.0.0.0:1"\npeer = "other:80"\n',
    },
    { path: "/run/secrets/token", content: "s3cret" },
  ],
  volumes: [{ volume: "weather-test-data", path: "/var/lib/thing/data" }],
};

test("paths become folders of this machine, names addresses, and any address the container's own", () => {
  const state = scratchState(folder);
  const book = bookOf(["other"]);
  const placed = book.place(spec, state);
  const root = path.join(state.containers, "weather-test-thing", "root");
  const data = path.join(state.volumes, "weather-test-data");
  expect(placed.address).toBe("127.70.9.2");
  expect(placed.command).toEqual([
    ...["run", "--config", `${root}/etc/thing/thing.conf`, `--folder=${root}/etc/thing`],
    ...["--listen", "127.70.9.2:8186"],
  ]);
  expect(placed.environment).toEqual({
    DATA: `${data}/logs`,
    TOKEN_FILE: `${root}/run/secrets/token`,
    // A path in a URL is not one of the container's.
    URL: "http://127.70.9.1:80/var/lib/thing/data",
    LONGER: spec.environment["LONGER"],
    VERSION: spec.environment["VERSION"],
  });
  expect(fs.readFileSync(path.join(root, "etc/thing/thing.conf"), "utf8")).toBe(
    `data = "${data}"\nlisten = "127.70.9.2:1"\npeer = "127.70.9.1:80"\n`,
  );
  expect(fs.readFileSync(path.join(root, "run/secrets/token"), "utf8")).toBe("s3cret");
  expect(fs.statSync(path.join(root, "run/secrets/token")).mode & 0o777).toBe(0o400);
  expect(fs.statSync(data).isDirectory()).toBe(true);
  expect(placed.hostPath("/var/lib/thing/data/engine")).toBe(`${data}/engine`);
  expect(placed.hostPath("/var/lib/thing/database")).toBe(`${root}/var/lib/thing/database`);
  expect(placed.hostPath("/run/secrets/token")).toBe(`${root}/run/secrets/token`);
  expect(placed.hostPath("/elsewhere")).toBe(`${root}/elsewhere`);
});

test("placed again, a volume keeps what's in it, and a file that's no longer declared is gone", () => {
  const state = scratchState(folder);
  bookOf().place(spec, state);
  fs.writeFileSync(path.join(state.volumes, "weather-test-data", "kept"), "");
  const placed = bookOf().place({ ...spec, files: [] }, state);
  expect(fs.existsSync(path.join(state.volumes, "weather-test-data", "kept"))).toBe(true);
  expect(fs.existsSync(path.join(placed.folder, "root", "run/secrets/token"))).toBe(false);
});

test("a container's inputs are read as Docker would take them", () => {
  expect(
    containerSpec("resource", {
      name: "weather-test-kafka1",
      hostname: "kafka1",
      image: "apache/kafka:4.3.1",
      command: ["a"],
      envs: ["A=1=2", "B="],
      uploads: [{ file: "/f", content: "c" }, { file: "/empty" }],
      volumes: [{ volumeName: "v", containerPath: "/v" }],
      ports: [{ internal: 1, external: 2, ip: "127.0.0.1" }, { internal: 3, external: 4 }, { internal: 5 }],
      networksAdvanced: [{ aliases: ["kafka1", "broker"] }, {}],
      labels: [
        { label: "tier", value: "tcp:1" },
        { label: "pulumi-weather-pipeline.probe", value: "tcp:9092" },
      ],
      ...{ restart: "unless-stopped", stopTimeout: 30 },
    }),
  ).toEqual({
    name: "weather-test-kafka1",
    hostnames: ["kafka1", "broker"],
    image: "apache/kafka:4.3.1",
    command: ["a"],
    environment: { A: "1=2", B: "" },
    files: [
      { path: "/f", content: "c" },
      { path: "/empty", content: "" },
    ],
    volumes: [{ volume: "v", path: "/v" }],
    ports: [
      { container: 1, host: 2, address: "127.0.0.1" },
      { container: 3, host: 4, address: "0.0.0.0" },
    ],
    probe: { kind: "tcp", port: 9092 },
    ...{ restart: "unless-stopped", stopSeconds: 30 },
  });
});

test("what a container doesn't say is as Docker's defaults are", () => {
  expect(containerSpec("thing", { image: "i:1" })).toEqual({
    ...{
      name: "thing",
      hostnames: ["thing"],
      image: "i:1",
      command: [],
      environment: {},
      files: [],
      volumes: [],
    },
    ...{ ports: [], probe: undefined, restart: "no", stopSeconds: 10 },
  });
});
