import * as pulumi from "@pulumi/pulumi";
import { type SwarmPlacement } from "../../../components/workload/placement";
import { Workload, type WorkloadArgs, workloadFaults } from "../../../components/workload/workload";
import { declared, plain, Secret, valueOf } from "../declared";

const placement: SwarmPlacement = {
  kind: "swarm",
  prefix: "weather-test",
  networks: ["overlay-id"],
  nodes: ["192.0.2.1", "192.0.2.2"],
};

const minimal: WorkloadArgs = {
  placement,
  hostname: "inject",
  image: "node:24",
  probe: { kind: "http", port: 8080, path: "/healthz" },
  memoryMiB: 64,
};

/** Declares the workload; gives what was declared, and its incarnation. */
async function workload(change: Partial<WorkloadArgs>) {
  let made: Workload | undefined;
  const declarations = await declared(() => (made = new Workload("inject", { ...minimal, ...change })));
  if (!made) throw new Error("nothing was made");
  const { get, ofKind } = declarations;
  return { get, ofKind, incarnation: await valueOf(made.incarnation) };
}

test("the same description becomes a service that is placed, limited, probed and replaced in order", async () => {
  const { get, ofKind } = await workload({
    command: ["--port", "8080"],
    entrypoint: ["node"],
    environment: { B: "2", A: pulumi.output("1") },
    ports: [{ container: 8080, host: 18_080 }],
    volumes: [{ volume: "data", path: "/data" }],
    user: { uid: 1000, gid: 1001 },
    stopGrace: "2 minutes",
    labels: { tier: "app" },
    node: 2,
  });
  expect(ofKind("Container")).toEqual([]);
  expect(get("Service inject-service").inputs).toEqual({
    name: "weather-test-inject",
    labels: [
      { label: "tier", value: "app" },
      { label: "pulumi-weather-pipeline.probe", value: "http:8080/healthz" },
    ],
    taskSpec: {
      containerSpec: {
        groups: ["0"],
        image: "node:24",
        hostname: "inject",
        commands: ["node"],
        args: ["--port", "8080"],
        env: { A: "1", B: "2" },
        user: "1000:1001",
        capDrops: ["ALL"],
        readOnly: true,
        mounts: [
          { type: "volume", source: "data", target: "/data" },
          { type: "tmpfs", target: "/tmp", tmpfsOptions: { sizeBytes: 64 * 1_048_576, mode: 0o777 } },
        ],
        configs: [],
        secrets: [],
        healthcheck: {
          tests: expect.arrayContaining(["bash", "/healthz"]),
          ...{ interval: "5s", timeout: "5s", startPeriod: "1m", retries: 6 },
        },
        stopGracePeriod: "2m",
      },
      resources: { limits: { memoryBytes: 64 * 1_048_576 } },
      restartPolicy: { condition: "any", delay: "1s", window: "0s" },
      placement: { constraints: ["node.labels.weather.node==2"] },
      networksAdvanceds: [{ id: "overlay-id", aliases: ["inject"] }],
      logDriver: { name: "json-file", options: { "max-size": "10m", "max-file": "3" } },
    },
    mode: { replicated: { replicas: 1 } },
    endpointSpec: {
      mode: "dnsrr",
      ports: [{ targetPort: 8080, publishedPort: 18_080, publishMode: "host", protocol: "tcp" }],
    },
    updateConfig: expect.objectContaining({ parallelism: 1, order: "stop-first", failureAction: "rollback" }),
    rollbackConfig: expect.objectContaining({ parallelism: 1, order: "stop-first", failureAction: "pause" }),
    convergeConfig: { delay: "1s", timeout: "5m" },
  });
});

test("a service's root is read-only with files too, which are mounts there, unless it writes wherever it likes", async () => {
  const readOnly = async (change: Partial<WorkloadArgs>) => {
    const { taskSpec } = (await workload(change)).get("Service inject-service").inputs as {
      taskSpec: { containerSpec: { readOnly: boolean } };
    };
    return taskSpec.containerSpec.readOnly;
  };
  expect(await readOnly({ files: [{ path: "/a", content: "" }] })).toBe(true);
  expect(await readOnly({ writableRoot: true })).toBe(false);
});

test.each<[Partial<WorkloadArgs>, string[] | undefined]>([
  [{}, undefined],
  [{ ports: [{ container: 1, host: 1 }] }, ["node.labels.weather.node==1"]],
  [{ volumes: [{ volume: "data", path: "/data" }] }, ["node.labels.weather.node==1"]],
  [{ node: 2 }, ["node.labels.weather.node==2"]],
])("a workload with %j is placed by %j", async (change, constraints) => {
  const { get } = await workload(change);
  const { placement: placed } = get("Service inject-service").inputs["taskSpec"] as {
    placement?: { constraints: string[] };
  };
  expect(placed?.constraints).toEqual(constraints);
});

test("the Swarm asks the liveness, and the label tells the probe", async () => {
  const { get } = await workload({
    probe: { kind: "tcp", port: 9092 },
    liveness: { kind: "tcp", port: 9093 },
  });
  const { inputs } = get("Service inject-service");
  expect(inputs).toMatchObject({
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "tcp:9092" }],
    taskSpec: {
      containerSpec: {
        healthcheck: { tests: ["CMD", "bash", "-c", expect.stringContaining("/dev/tcp/127.0.0.1/9093")] },
      },
    },
  });
});

test("a text of the program's becomes a config, what is computed a secret, and both stand where the program looks", async () => {
  const { get } = await workload({
    files: [
      { path: "/etc/weather/config.json", content: "{}" },
      { path: "/run/secrets/token", content: pulumi.secret("t0ken") },
      { path: "/run/secrets/plain", content: pulumi.output("p") },
    ],
  });
  const config = get("ServiceConfig inject-file-etc-weather-config-json");
  expect(config.inputs["data"]).toBe(Buffer.from("{}").toString("base64"));
  const secret = get("Secret inject-file-run-secrets-token");
  expect(secret.inputs["data"]).toEqual(new Secret(Buffer.from("t0ken").toString("base64")));
  expect(get("Secret inject-file-run-secrets-plain").inputs["data"]).toBeInstanceOf(Secret);

  const { inputs } = get("Service inject-service");
  const { containerSpec } = inputs["taskSpec"] as {
    containerSpec: Record<string, Record<string, unknown>[]>;
  };
  const owned = { fileUid: "0", fileGid: "0", fileMode: 0o440 };
  expect(containerSpec["configs"]).toEqual([
    {
      ...owned,
      configId: "inject-file-etc-weather-config-json-id",
      configName: config.inputs["name"],
      fileName: "/etc/weather/config.json",
    },
  ]);
  expect(containerSpec["secrets"]?.map(({ fileName }) => fileName)).toEqual([
    "/run/secrets/token",
    "/run/secrets/plain",
  ]);
  expect(JSON.stringify(plain(inputs))).not.toContain("t0ken");
});

test("names of files end in a hash of their content, and stay within Docker's 64 characters", async () => {
  const named = async (content: pulumi.Input<string>, hostname = "inject") => {
    const { get } = await workload({ hostname, files: [{ path: "/run/secrets/influxdb-token", content }] });
    return get(
      `${typeof content === "string" ? "ServiceConfig" : "Secret"} inject-file-run-secrets-influxdb-token`,
    ).inputs["name"];
  };
  const first = await named(pulumi.secret("a"));
  expect(first).toMatch(/^weather-test-inject-influxdb-token-[0-9a-f]{12}$/);
  expect(await named(pulumi.secret("a"))).toBe(first);
  expect(await named(pulumi.secret("b"))).not.toBe(first);
  const long = "a-name-that-is-as-long-as-a-name-on-a-network-may-ever-be";
  expect(await named("a", long)).toMatch(/^weather-test-a-name-[\w.-]{0,44}$/);
  expect(await named("a", long)).not.toBe(await named("a", `${long}-2`));
});

test("the incarnation is another after every change, and the same without one", async () => {
  const { incarnation } = await workload({});
  expect((await workload({})).incarnation).toBe(incarnation);
  for (const change of [
    { environment: { A: "1" } },
    { image: "node:25" },
    { memoryMiB: 65 },
    { files: [{ path: "/run/secrets/token", content: pulumi.secret("t") }] },
  ]) {
    expect((await workload(change)).incarnation).not.toBe(incarnation);
  }
});

test("a node that the Swarm hasn't is refused", () => {
  const paths = (node: number) =>
    workloadFaults({ ...minimal, node }).map(({ propertyPath }) => propertyPath);
  expect([paths(0), paths(1), paths(2), paths(3), paths(1.5)]).toEqual([
    ["node"],
    [],
    [],
    ["node"],
    ["node"],
  ]);
});
