import * as fs from "node:fs";
import * as path from "node:path";
import { stackConfig, stackNames, UserError, withOverrides } from "../../embedded/stack-config";
import { readJson, stateFolder, writePrivate } from "../../embedded/folder";
import { scratchFolder } from "./scratch";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
  put(
    "Pulumi.yaml",
    "name: weather\nconfig:\n  imageRegistry: { type: string, default: '' }\n  protect: { default: false }\n  kafka: { default: {} }\n  token: { secret: true }\n",
  );
  put("Pulumi.dev.yaml", "config:\n  weather:kafka:\n    brokers: 1\n  docker:host: unix:///d.sock\n");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const put = (file: string, text: string) => {
  fs.writeFileSync(path.join(folder, file), text);
};

test("the project's defaults come first, then the stack's values, objects as JSON text", () => {
  expect(stackConfig(folder, "dev")).toEqual({
    project: "weather",
    config: {
      "weather:imageRegistry": "",
      "weather:protect": "false",
      "weather:kafka": '{"brokers":1}',
      "docker:host": "unix:///d.sock",
    },
  });
});

test("overrides are laid over, below what is there and where nothing is", () => {
  const { config } = stackConfig(folder, "dev", {
    "kafka.retention": "1 day",
    "inject.source": "seattle",
    protect: true,
  });
  expect(config).toMatchObject({
    "weather:kafka": '{"brokers":1,"retention":"1 day"}',
    "weather:inject": '{"source":"seattle"}',
    "weather:protect": "true",
  });
  expect(stackConfig(folder, "dev").config["weather:kafka"]).toBe('{"brokers":1}');
});

test("an override may be a whole section, or lie deep in one, and leaves the rest and the given object as they are", () => {
  const config = {
    "weather:security": { mode: "mtls", authority: { kind: "own" } },
    "docker:host": "unix:///d.sock",
  };
  const before = structuredClone(config);
  expect(
    withOverrides("weather", config, {
      protect: true,
      allowDataLoss: ["weather-topic"],
      "security.authority.kind": "site",
      "backup.to.bucket": "weather",
    }),
  ).toEqual({
    "weather:security": { mode: "mtls", authority: { kind: "site" } },
    "docker:host": "unix:///d.sock",
    "weather:protect": true,
    "weather:allowDataLoss": ["weather-topic"],
    "weather:backup": { to: { bucket: "weather" } },
  });
  expect(config).toEqual(before);
});

test.each(["", "config:\n", "encryptionsalt: v1:x\n"])("a stack file of %j sets nothing", (text) => {
  put("Pulumi.bare.yaml", text);
  expect(stackConfig(folder, "bare").config).toMatchObject({ "weather:kafka": "{}" });
});

test("a stack without a file is an error that lists those that have one", () => {
  put("Pulumi.prod.yaml", "");
  expect(() => stackConfig(folder, "staging")).toThrow(
    new UserError(
      `There is no stack "staging": Pulumi.staging.yaml doesn't exist. The stacks are dev, prod.`,
    ),
  );
});

test("an encrypted value is an error that names it, and what to use instead", () => {
  put("Pulumi.prod.yaml", "config:\n  weather:influxdb:\n    password:\n      secure: v1:abc\n");
  expect(() => stackConfig(folder, "prod")).toThrow(
    /Pulumi\.prod\.yaml: weather:influxdb is encrypted, .*--target docker/,
  );
});

test("stacks are the files, in order", () => {
  for (const file of ["Pulumi.b-2.yaml", "Pulumi.a.yaml", "Pulumi.c.yml", "xPulumi.d.yaml"]) put(file, "");
  expect(stackNames(folder)).toEqual(["a", "b-2", "dev"]);
});

test("each folder and stack has its own state, loopback addresses and socket, the same every time", () => {
  const dev = stateFolder(folder, "dev");
  expect(stateFolder(folder, "dev")).toEqual(dev);
  expect(dev.root).toBe(path.join(folder, ".weather", "dev"));
  const others = [stateFolder(folder, "prod"), stateFolder(`${folder}x`, "dev")];
  for (const { socket, addressPrefix } of [dev, ...others]) {
    expect(Buffer.byteLength(socket)).toBeLessThan(107);
    const [first, second, third, ...rest] = addressPrefix.split(".").map(Number);
    expect([first, rest]).toEqual([127, []]);
    expect(second).toBeGreaterThanOrEqual(64);
    expect(second).toBeLessThan(192);
    expect(third).toBeLessThan(256);
  }
  expect(new Set([dev, ...others].map(({ socket }) => socket)).size).toBe(3);
});

test("a private file is its owner's alone, whole, and read back; one that isn't there is undefined", () => {
  const file = path.join(folder, "secret.json");
  fs.writeFileSync(file, "{}", { mode: 0o644 });
  writePrivate(file, '{"a":1}');
  expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  expect(readJson(file)).toEqual({ a: 1 });
  expect(fs.readdirSync(folder).filter((name) => name.startsWith("secret"))).toEqual(["secret.json"]);
  expect(readJson(path.join(folder, "none"))).toBeUndefined();
  fs.writeFileSync(file, "{");
  expect(() => readJson(file)).toThrow(SyntaxError);
});
