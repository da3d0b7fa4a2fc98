import * as pulumi from "@pulumi/pulumi";
import { influxProvider, type InfluxProps, sameValue } from "../../../components/influxdb/resource";

const unknown = pulumi.runtime.unknownValue;

test.each<[unknown, unknown, boolean]>([
  [1, 1, true],
  [undefined, null, true],
  [{ a: 1, b: undefined }, { a: 1 }, true],
  [[1, { a: 2 }], [1, { a: 2 }], true],
  [[1], [1, 2], false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1 }, [1], false],
  ["1", 1, false],
])("%j and %j say the same: %s", (a, b, same) => {
  expect(sameValue(a, b, false)).toBe(same);
  expect(sameValue(b, a, false)).toBe(same);
});

interface Props extends InfluxProps {
  name: string;
  source?: string;
  note?: string;
}

const { diff } = influxProvider<Props, object, { id?: string }>({
  ...{ noun: "thing", declared: ["name", "source", "note"], fixed: ["source"], title: ({ name }) => name },
  ...{ api: () => ({}) as never, body: () => ({}), seen: () => ({}), outputs: () => ({}) },
  ...{ isLeftover: () => false, isAdoptable: () => false },
});

const connection = { url: "http://a", token: "t", org: "o" };
const olds: Props = { connection, orgId: "1", name: "n", source: "s" };

test.each<[string, Partial<Props>, boolean, string[]]>([
  ["nothing", {}, false, []],
  ["an output that inputs don't have", { orgId: undefined }, false, []],
  ["the name", { name: "m" }, true, []],
  ["a note that comes", { note: "x" }, true, []],
  ["what the API can't change", { source: "z" }, true, ["source"]],
  ["what the API can't change, not known yet", { source: unknown }, true, []],
  ["url and token", { connection: { ...connection, url: "http://b", token: "u" } }, true, []],
  ["the organisation", { connection: { ...connection, org: "p" } }, true, ["connection"]],
  ["a connection not known yet", { connection: unknown as unknown as Props["connection"] }, true, []],
])("diff of %s", async (_what, change, changes, replaces) => {
  expect(await diff?.("id", olds, { ...olds, ...change })).toEqual({ changes, replaces });
});
