import * as pulumi from "@pulumi/pulumi";
import {
  dataVolume,
  isLoopbackOnly,
  type Placement,
  placementFaults,
  type PlacementSettings,
  placeOn,
  publishedAddress,
} from "../../../components/workload/placement";
import { declared, valueOf } from "../declared";

const swarm = (nodes: string[], encrypted = true): PlacementSettings => ({
  kind: "swarm",
  nodes,
  encrypted,
  registry: "",
});

test.each<[PlacementSettings, number, string[]]>([
  [{ kind: "engine" }, 3, []],
  [swarm(["10.0.0.1", "node-2.example", "n3"]), 3, []],
  [swarm(["a", "b", "c", "d"]), 3, []],
  [swarm(["a", "b"]), 3, ["nodes"]],
  [swarm(["a", "b", "a"]), 3, ["nodes[2]"]],
  [swarm(["a", "b:2377", ""]), 3, ["nodes[1]", "nodes[2]"]],
])("%j for %d brokers has faults at %j", (settings, brokers, paths) => {
  expect(placementFaults(settings, brokers).map(({ propertyPath }) => propertyPath)).toEqual(paths);
});

const encryption = { options: { encrypted: "true" } };
const closed = { options: { "com.docker.network.bridge.enable_icc": "false" } };

test.each<[string, PlacementSettings, Record<string, Record<string, unknown>>, string[]]>([
  [
    "an engine has two without a way out, and one that only publishes",
    { kind: "engine" },
    { brokers: { internal: true }, influxdb: { internal: true }, front: closed },
    ["weather-test-brokers", "weather-test-influxdb"],
  ],
  [
    "a Swarm has two, joined by their ids",
    swarm(["a"]),
    { brokers: { driver: "overlay", ...encryption }, influxdb: { driver: "overlay", ...encryption } },
    ["net-brokers-id", "net-influxdb-id"],
  ],
  [
    "where kernels can't, a Swarm's are not encrypted",
    swarm(["a"], false),
    { brokers: { driver: "overlay" }, influxdb: { driver: "overlay" } },
    ["net-brokers-id", "net-influxdb-id"],
  ],
])("%s", async (_, settings, wanted, joined) => {
  let placements: Placement[] = [];
  const { ofKind } = await declared(() => {
    const { on } = placeOn(settings, "net", "weather-test", {});
    placements = [on("brokers", "influxdb"), on("influxdb")];
  });
  expect(Object.fromEntries(ofKind("Network").map(({ name, inputs }) => [name, inputs]))).toEqual(
    Object.fromEntries(
      Object.entries(wanted).map(([name, args]) => [
        `net-${name}`,
        { name: `weather-test-${name}`, ...args },
      ]),
    ),
  );
  const networks = await Promise.all(
    placements.map((one) => Promise.all(one.networks.map((network) => valueOf(pulumi.output(network))))),
  );
  expect(networks).toEqual([joined, joined.slice(1)]);
});

test.each<[Placement, boolean]>([
  [{ prefix: "w", networks: [] }, true],
  [{ prefix: "w", networks: [], publishAddress: "127.0.1.9" }, true],
  [{ prefix: "w", networks: [], publishAddress: "::1" }, true],
  [{ prefix: "w", networks: [], publishAddress: "0.0.0.0" }, false],
  [{ prefix: "w", networks: [], publishAddress: "10.127.0.0" }, false],
  [{ kind: "swarm", prefix: "w", networks: [], nodes: ["127.0.0.1"] }, false],
])("what %j publishes is for this machine alone: %j", (placement, expected) => {
  expect(isLoopbackOnly(placement)).toBe(expected);
});

test("ports are published at the engine's address, or the node's", () => {
  const engine = { prefix: "w", networks: ["net"] };
  expect(publishedAddress(engine)).toBe("127.0.0.1");
  expect(publishedAddress({ ...engine, publishAddress: "192.0.2.9" }, 3)).toBe("192.0.2.9");
  const onSwarm = { kind: "swarm", prefix: "w", networks: ["id"], nodes: ["a", "b"] } as const;
  expect([publishedAddress(onSwarm), publishedAddress(onSwarm, 2)]).toEqual(["a", "b"]);
  expect(() => publishedAddress(onSwarm, 3)).toThrow("no node 3: there are 2");
});

test("a volume is a resource on an engine alone; on a Swarm its node makes it", async () => {
  const names: pulumi.Output<string>[] = [];
  const { ofKind } = await declared(() => {
    names.push(dataVolume("a", { prefix: "w", networks: ["net"] }, "a-data", {}));
    names.push(dataVolume("b", { kind: "swarm", prefix: "w", networks: ["id"], nodes: [] }, "b-data", {}));
  });
  expect(await Promise.all(names.map(valueOf))).toEqual(["w-a-data", "w-b-data"]);
  expect(ofKind("Volume").map(({ name }) => name)).toEqual(["a"]);
});
