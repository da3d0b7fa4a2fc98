import * as pulumi from "@pulumi/pulumi";
import {
  dataVolume,
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

test.each<[PlacementSettings, Record<string, unknown>, string]>([
  [{ kind: "engine" }, { name: "weather-test" }, "weather-test"],
  [
    swarm(["a"]),
    { name: "weather-test", driver: "overlay", options: { encrypted: "true" } },
    "weather-network-id",
  ],
  [swarm(["a"], false), { name: "weather-test", driver: "overlay" }, "weather-network-id"],
])("%j is joined by the network %j", async (settings, inputs, network) => {
  let joined: pulumi.Input<string> | undefined;
  const { get } = await declared(
    () => (joined = placeOn(settings, "weather-network", "weather-test", {}).placement.network),
  );
  expect(get("Network weather-network").inputs).toEqual(inputs);
  expect(joined && (await valueOf(pulumi.output(joined)))).toBe(network);
});

test("ports are published at the engine's address, or the node's", () => {
  const engine = { prefix: "w", network: "net" };
  expect(publishedAddress(engine)).toBe("127.0.0.1");
  expect(publishedAddress({ ...engine, publishAddress: "192.0.2.9" }, 3)).toBe("192.0.2.9");
  const onSwarm = { kind: "swarm", prefix: "w", network: "id", nodes: ["a", "b"] } as const;
  expect([publishedAddress(onSwarm), publishedAddress(onSwarm, 2)]).toEqual(["a", "b"]);
  expect(() => publishedAddress(onSwarm, 3)).toThrow("no node 3: there are 2");
});

test("a volume is a resource on an engine alone; on a Swarm its node makes it", async () => {
  const names: pulumi.Output<string>[] = [];
  const { ofKind } = await declared(() => {
    names.push(dataVolume("a", { prefix: "w", network: "net" }, "a-data", {}));
    names.push(dataVolume("b", { kind: "swarm", prefix: "w", network: "id", nodes: [] }, "b-data", {}));
  });
  expect(await Promise.all(names.map(valueOf))).toEqual(["w-a-data", "w-b-data"]);
  expect(ofKind("Volume").map(({ name }) => name)).toEqual(["a"]);
});
