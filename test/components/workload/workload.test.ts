import * as pulumi from "@pulumi/pulumi";
import { imageName, pinnedImages, PulledImages } from "../../../components/workload/images";
import {
  portFaults,
  Workload,
  type WorkloadArgs,
  workloadFaults,
} from "../../../components/workload/workload";
import { declared, Secret, valueOf } from "../declared";

const minimal: WorkloadArgs = {
  placement: { prefix: "weather-test", networks: ["net"] },
  hostname: "inject",
  image: "node:24",
  probe: { kind: "http", port: 8080, path: "/healthz" },
  memoryMiB: 64,
};

test.each<Partial<WorkloadArgs>>([
  {},
  { hostname: "kafka1" },
  { hostname: "a" },
  { memoryMiB: 16, stopGrace: "1 minute" },
  {
    ports: [
      { container: 1, host: 65_535 },
      { container: 1, host: 65_534 },
    ],
  },
  { files: [{ path: "/a", content: "" }] },
])("the workload %j is fine", (change) => {
  expect(workloadFaults({ ...minimal, ...change })).toEqual([]);
});

test.each<[Partial<WorkloadArgs>, string[]]>([
  [{ hostname: "" }, ["hostname"]],
  [{ hostname: "Kafka" }, ["hostname"]],
  [{ hostname: "kafka_1" }, ["hostname"]],
  [{ hostname: "-kafka" }, ["hostname"]],
  [{ hostname: "kafka-" }, ["hostname"]],
  [{ memoryMiB: 15 }, ["memoryMiB"]],
  [{ memoryMiB: 64.5 }, ["memoryMiB"]],
  [{ stopGrace: "soon" as "1 day" }, ["stopGrace"]],
  [
    {
      ports: [
        { container: 80, host: 8080 },
        { container: 81, host: 8080 },
      ],
    },
    ["ports[1].host"],
  ],
  [{ ports: [{ container: 0, host: 65_536 }] }, ["ports[0].host", "ports[0].container"]],
  [{ scratch: ["/opt/logs", "logs"] }, ["scratch[1]"]],
  [
    {
      files: [
        { path: "/a", content: "" },
        { path: "b", content: "" },
      ],
    },
    ["files[1].path"],
  ],
  [
    {
      hostname: "A",
      memoryMiB: 0,
      stopGrace: "x" as "1 day",
      ports: [{ container: 1.5, host: 1 }],
      files: [{ path: "x", content: "" }],
    },
    ["hostname", "memoryMiB", "stopGrace", "ports[0].container", "files[0].path"],
  ],
])("the workload %j is refused at %j", (change, paths) => {
  expect(workloadFaults({ ...minimal, ...change }).map(({ propertyPath }) => propertyPath)).toEqual(paths);
});

test.each([
  [1, 0],
  [65_535, 0],
  [0, 1],
  [65_536, 1],
  [80.5, 1],
  ["80", 1],
  [undefined, 1],
])("the port %j has %d faults", (port, count) => {
  expect(portFaults("hostPort", port)).toHaveLength(count);
});

test("what a workload says becomes a container that is confined, limited and comes back", async () => {
  const { get } = await workload({
    command: ["--port", "8080"],
    entrypoint: ["node"],
    environment: { B: "2", A: pulumi.output("1") },
    ports: [{ container: 8080, host: 18_080 }],
    volumes: [{ volume: "data", path: "/data" }],
    user: { uid: 1000, gid: 1001 },
    stopGrace: "90 seconds",
    labels: { tier: "app" },
  });
  expect(get("Container inject-container").inputs).toEqual({
    name: "weather-test-inject",
    hostname: "weather-test-inject",
    image: "node:24",
    command: ["--port", "8080"],
    entrypoints: ["node"],
    envs: ["A=1", "B=2"],
    uploads: [],
    ports: [{ internal: 8080, external: 18_080, ip: "127.0.0.1", protocol: "tcp" }],
    volumes: [{ volumeName: "data", containerPath: "/data" }],
    networksAdvanced: [{ name: "net", aliases: ["inject"] }],
    networkMode: "bridge",
    labels: [
      { label: "tier", value: "app" },
      { label: "pulumi-weather-pipeline.probe", value: "http:8080/healthz" },
    ],
    healthcheck: expect.objectContaining({ tests: expect.arrayContaining(["bash"]), interval: "5s" }),
    user: "1000:1001",
    ...{ memory: 64, memorySwap: 64, restart: "unless-stopped" },
    ...{ logDriver: "json-file", logOpts: { "max-size": "10m", "max-file": "3" } },
    ...{ stopTimeout: 90, destroyGraceSeconds: 90, groupAdds: ["0"] },
    securityOpts: ["no-new-privileges:true"],
    capabilities: { drops: ["ALL"] },
    readOnly: true,
    tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=64m,mode=1777" },
  });
});

test.each<[string, Partial<WorkloadArgs>, boolean]>([
  ["says nothing", {}, true],
  ["has a file, which is copied through the root", { files: [{ path: "/a", content: "" }] }, false],
  ["writes wherever it likes", { writableRoot: true }, false],
])("whether the root of a workload that %s is read-only", async (_, change, readOnly) => {
  const { inputs } = (await workload(change)).get("Container inject-container");
  expect(inputs["readOnly"]).toBe(readOnly);
});

test("folders of the image that a program writes are volumes without a name, beside its own", async () => {
  const { get } = await workload({
    volumes: [{ volume: "data", path: "/data" }],
    scratch: ["/opt/config"],
  });
  expect(get("Container inject-container").inputs["volumes"]).toEqual([
    { volumeName: "data", containerPath: "/data" },
    { containerPath: "/opt/config" },
  ]);
});

test("only what publishes a port is on the front network too, and by its alias on none but the others", async () => {
  const placement = { prefix: "weather-test", networks: ["brokers", "influxdb"], front: "front" };
  const networksOf = async (change: Partial<WorkloadArgs>) =>
    (await workload({ placement, ...change })).get("Container inject-container").inputs["networksAdvanced"];
  const inside = ["brokers", "influxdb"].map((name) => ({ name, aliases: ["inject"] }));
  expect(await networksOf({})).toEqual(inside);
  expect(await networksOf({ ports: [{ container: 1, host: 1 }] })).toEqual([...inside, { name: "front" }]);
});

test("what isn't said is left to the image, and a label of the program's can't hide the probe", async () => {
  const { get } = await workload({ labels: { "pulumi-weather-pipeline.probe": "tcp:1" } });
  const { inputs } = get("Container inject-container");
  for (const key of ["command", "entrypoints", "user"]) expect(inputs).not.toHaveProperty(key);
  expect(inputs).toMatchObject({
    ports: [],
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "http:8080/healthz" }],
    ...{ stopTimeout: 30, destroyGraceSeconds: 30 },
  });
});

test("a file can be read by the program and by nobody else in the container but root; a secret one stays a secret in the state", async () => {
  const { get } = await workload({
    files: [
      { path: "/run/secrets/token", content: pulumi.secret("t") },
      { path: "/etc/config", content: "c" },
    ],
    user: { uid: 999, gid: 998 },
  });
  expect(get("Container inject-container").inputs["groupAdds"]).toEqual(["0"]);
  expect(get("Container inject-container").inputs["uploads"]).toEqual(
    new Secret([
      { file: "/run/secrets/token", content: "t", permissions: "0440" },
      { file: "/etc/config", content: "c", permissions: "0440" },
    ]),
  );
});

test("each incarnation is the container's id, and the name is Docker's", async () => {
  let made: Workload | undefined;
  await declared(() => (made = new Workload("inject", minimal)));
  if (!made) throw new Error("nothing was made");
  expect(await valueOf(made.incarnation)).toBe("inject-container-id");
  expect(await valueOf(made.containerName)).toBe("weather-test-inject");
  expect(made.hostname).toBe("inject");
});

test("faults are thrown once", async () => {
  await declared(() => {
    expect(() => new Workload("x", { ...minimal, hostname: "X", memoryMiB: 1 })).toThrow(
      /^Workload x can't be declared as written:\n {2}hostname: .*\n {2}memoryMiB: .*$/,
    );
  });
});

test.each([
  [undefined, "apache/kafka:4.3.1"],
  ["", "apache/kafka:4.3.1"],
  ["mirror.example:5000/hub", "mirror.example:5000/hub/apache/kafka:4.3.1"],
  ["mirror.example//", "mirror.example/apache/kafka:4.3.1"],
])("below the mirror %j Kafka's image is %s", (registry, name) => {
  expect(imageName("kafka", registry)).toBe(name);
});

test("another version takes the place of the pinned one", () => {
  expect(imageName("kafka", "mirror.example", "4.2.1")).toBe("mirror.example/apache/kafka:4.2.1");
  expect(imageName("kafkaUi")).toBe("ghcr.io/kafbat/kafka-ui:v1.5.0");
  expect(imageName("kafkaUi", "mirror.example/hub")).toBe("mirror.example/hub/kafbat/kafka-ui:v1.5.0");
});

test("every image is pinned to a version", () => {
  for (const image of Object.values(pinnedImages))
    expect(image).toMatch(/^(ghcr\.io\/)?[a-z/-]+:v?\d+[\w.-]*$/);
});

test("an image is pulled once, below the mirror, and kept", async () => {
  const { ofKind } = await declared(() => {
    const images = new PulledImages("images", "mirror.example");
    expect(images.pull("kafka")).toBe(images.pull("kafka"));
    images.pull("telegraf");
  });
  expect(ofKind("RemoteImage").map(({ inputs, parent }) => ({ inputs, parent }))).toEqual([
    {
      inputs: { name: "mirror.example/apache/kafka:4.3.1", keepLocally: true },
      parent: "PulledImages images",
    },
    { inputs: { name: "mirror.example/telegraf:1.37.2", keepLocally: true }, parent: "PulledImages images" },
  ]);
});

function workload(change: Partial<WorkloadArgs>) {
  return declared(() => new Workload("inject", { ...minimal, ...change }));
}
