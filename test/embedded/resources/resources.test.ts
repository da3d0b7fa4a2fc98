import * as fs from "node:fs";
import * as path from "node:path";
import { type Registration } from "../../../embedded/program";
import { isDynamic, realiseDynamic } from "../../../embedded/resources/dynamic";
import { realiseRandom } from "../../../embedded/resources/random";
import { ResourceStore } from "../../../embedded/resources/store";
import { scratchFolder } from "../scratch";

let folder: string;
let file: string;
beforeEach(() => {
  folder = scratchFolder();
  file = path.join(folder, "resources.json");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const registration = (type: string, inputs: Record<string, unknown>, urn = "urn:a"): Registration => ({
  ...{
    urn,
    type,
    name: "a",
    inputs,
    parent: "",
    dependencies: [],
    provider: "",
    custom: true,
    protect: false,
  },
});

const password = "random:index/randomPassword:RandomPassword";
const bytes = "random:index/randomBytes:RandomBytes";

describe("random", () => {
  const result = (inputs: Record<string, unknown>, urn?: string) =>
    realiseRandom(registration(password, inputs, urn), new ResourceStore(file)).state["result"] as string;

  test("a password keeps to its length and its kinds of characters, each at least once", () => {
    for (let round = 0; round < 20; round++) {
      const plain = result({ length: 12, special: false }, `urn:${round}`);
      expect(plain).toMatch(/^[A-Za-z0-9]{12}$/);
      for (const kind of [/[a-z]/, /[A-Z]/, /[0-9]/]) expect(plain).toMatch(kind);
      expect(result({ length: 12 }, `urn:special-${round}`)).toMatch(/[^A-Za-z0-9]/);
    }
  });

  test("it's made once, kept over runs in a file of its owner's, and made anew when asked for differently", () => {
    const first = result({ length: 32, special: false });
    expect(result({ length: 32, special: false })).toBe(first);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(result({ length: 32, special: false }, "urn:b")).not.toBe(first);
    const longer = result({ length: 33, special: false });
    expect(longer).toHaveLength(33);
    expect(longer).not.toContain(first);
  });

  test("bytes come in base64 and hexadecimal", () => {
    const { base64, hex } = realiseRandom(registration(bytes, { length: 16 }), new ResourceStore(file)).state;
    expect(Buffer.from(String(base64), "base64")).toHaveLength(16);
    expect(Buffer.from(String(base64), "base64").toString("hex")).toBe(hex);
  });

  test("another kind of random resource is refused", () => {
    expect(() =>
      realiseRandom(registration("random:index/randomPet:RandomPet", {}), new ResourceStore(file)),
    ).toThrow("the embedded run has no random:index/randomPet:RandomPet");
  });
});

describe("dynamic", () => {
  /** Source of a provider whose things are files; it writes down every call. */
  const source = (readable: boolean) => `exports.handler = () => {
    const fs = require("fs");
    const calls = ${JSON.stringify(path.join(folder, "calls"))};
    const thing = (id) => ${JSON.stringify(folder)} + "/thing-" + id;
    const called = (text) => fs.appendFileSync(calls, text + "\\n");
    const provider = {
      create: async (props) => {
        called("create");
        const id = String(Math.random()).slice(2);
        fs.writeFileSync(thing(id), JSON.stringify(props));
        return { id, outs: { ...props, made: id } };
      },
      diff: async (id, olds, news) => ({
        changes: olds.name !== news.name || olds.note !== news.note || olds.kind !== news.kind,
        replaces: olds.kind !== news.kind ? ["kind"] : [],
      }),
      update: async (id, olds, news) => {
        called("update");
        fs.writeFileSync(thing(id), JSON.stringify(news));
        return { outs: { ...news, made: id } };
      },
      delete: async (id) => { called("delete"); fs.rmSync(thing(id)); },
    };
    if (${String(readable)}) provider.read = async (id, props) => {
      called("read");
      if (!fs.existsSync(thing(id))) return { id: "" };
      return { id, props: { ...props, ...JSON.parse(fs.readFileSync(thing(id), "utf8")) } };
    };
    return provider;
  };`;

  const type = "pulumi-nodejs:dynamic/test:Thing";
  async function realise(props: Record<string, unknown>, readable = true) {
    const inputs = { ...props, __provider: source(readable) };
    return realiseDynamic(registration(type, inputs), inputs, new ResourceStore(file), process.cwd());
  }

  /** What was called since the last time it was asked. */
  function calls(): string[] {
    const at = path.join(folder, "calls");
    const text = fs.existsSync(at) ? fs.readFileSync(at, "utf8") : "";
    fs.rmSync(at, { force: true });
    return text.split("\n").filter(Boolean);
  }

  const kept = () =>
    (JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, { state: unknown }>)["urn:a"]?.state;

  test("types of dynamic resources are known, named or not", () => {
    expect(isDynamic("pulumi-nodejs:dynamic:Resource")).toBe(true);
    expect(isDynamic(type)).toBe(true);
    expect(isDynamic("docker:index/container:Container")).toBe(false);
  });

  test("it's made once; unchanged it's only read at the next run", async () => {
    const first = await realise({ name: "a" });
    expect(first.state).toEqual({ name: "a", made: first.id });
    expect(calls()).toEqual(["create"]);
    expect(await realise({ name: "a" })).toEqual(first);
    expect(calls()).toEqual(["read"]);
  });

  test("a change is made in place, and what's no longer declared is forgotten", async () => {
    const first = await realise({ name: "a", note: "n" });
    calls();
    const second = await realise({ name: "b" });
    expect(calls()).toEqual(["read", "update"]);
    expect(second).toEqual({ id: first.id, state: { name: "b", made: first.id } });
    expect(kept()).toEqual(second.state);
    await realise({ name: "b" });
    expect(calls()).toEqual(["read"]);
  });

  test("what can't be changed in place is replaced", async () => {
    const first = await realise({ name: "a", kind: "x" });
    calls();
    const second = await realise({ name: "a", kind: "y" });
    expect(calls()).toEqual(["read", "delete", "create"]);
    expect(second.id).not.toBe(first.id);
  });

  test("drift is mended, and what went missing is made anew", async () => {
    const { id } = await realise({ name: "a" });
    const thing = path.join(folder, `thing-${String(id)}`);
    fs.writeFileSync(thing, JSON.stringify({ name: "drifted" }));
    calls();
    await realise({ name: "a" });
    expect(calls()).toEqual(["read", "update"]);
    expect(JSON.parse(fs.readFileSync(thing, "utf8"))).toMatchObject({ name: "a" });

    fs.rmSync(thing);
    const again = await realise({ name: "a" });
    expect(calls()).toEqual(["read", "create"]);
    expect(again.id).not.toBe(id);
  });

  test("what can't be read, such as a gate, is gone through at every start", async () => {
    await realise({ name: "a" }, false);
    await realise({ name: "a" }, false);
    expect(calls()).toEqual(["create", "create"]);
  });
});
