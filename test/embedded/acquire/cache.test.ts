import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cached, cacheFolder, obtain } from "../../../embedded/acquire/cache";

const item = { item: "thing-1.0.0", proof: "thing" };
let cache: string;
beforeEach(() => {
  cache = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "cache-")), "made", "for-it");
});
afterEach(() => {
  fs.rmSync(path.dirname(path.dirname(cache)), { recursive: true });
});

const write = (folder: string): Promise<void> => {
  fs.writeFileSync(path.join(folder, "thing"), "");
  return Promise.resolve();
};

test.each([
  [{ WEATHER_CACHE: "/own", XDG_CACHE_HOME: "/xdg", HOME: "/home/a" }, "/own"],
  [{ XDG_CACHE_HOME: "/xdg", HOME: "/home/a" }, "/xdg/pulumi-weather-pipeline"],
  [{ WEATHER_CACHE: "", XDG_CACHE_HOME: "", HOME: "/home/a" }, "/home/a/.cache/pulumi-weather-pipeline"],
])("the folder for %j", (env, folder) => {
  expect(cacheFolder(env)).toBe(folder);
});

test("two that want the same item at once make it once", async () => {
  const make = jest.fn(async (folder: string) => {
    await sleep(50);
    await write(folder);
  });
  const folders = await Promise.all([obtain(cache, item, make), obtain(cache, item, make)]);
  expect(make).toHaveBeenCalledTimes(1);
  expect(new Set(folders)).toEqual(new Set([path.join(cache, "thing-1.0.0")]));
  expect(fs.readdirSync(cache)).toEqual(["thing-1.0.0"]);
});

test("an item stands in its place only when it is whole", async () => {
  await obtain(cache, item, async (folder) => {
    await write(folder);
    expect(cached(cache, item)).toBeUndefined();
  });
  expect(cached(cache, item)).toBe(path.join(cache, "thing-1.0.0"));
});

test("a failed make leaves nothing", async () => {
  const make = async (folder: string) => {
    await write(folder);
    throw new Error("no");
  };
  await expect(obtain(cache, item, make)).rejects.toThrow("no");
  expect(fs.readdirSync(cache)).toEqual([]);
});

test("a make that doesn't bring what it shall is a failure", async () => {
  await expect(obtain(cache, item, () => Promise.resolve())).rejects.toThrow(/ENOENT.*thing/);
});

test("what a killed run left, and an item that lost its proof, are made anew", async () => {
  fs.mkdirSync(path.join(cache, ".thing-1.0.0.building-1", "half"), { recursive: true });
  fs.mkdirSync(path.join(cache, "thing-1.0.0", "rest"), { recursive: true });
  const folder = await obtain(cache, item, write);
  expect(fs.readdirSync(folder)).toEqual(["thing"]);
  expect(fs.readdirSync(cache)).toEqual(["thing-1.0.0"]);
});
