import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { appFaults, TypeScriptApp, type TypeScriptAppArgs } from "../../../components/apps/typescript-app";
import { declared, plain } from "../declared";

const schema = z.strictObject({
  topic: z.string("must be a topic's name"),
  pollMs: z.int().min(20, "must be at least 20").default(150),
});

const here = process.cwd();
let folder: string;
beforeAll(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "app-")));
  fs.writeFileSync(path.join(folder, "package.json"), "{}");
  fs.writeFileSync(path.join(folder, "main.ts"), "console.log(1 as number);\n");
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(here);
  fs.rmSync(folder, { recursive: true, force: true });
});

function app(change: Partial<TypeScriptAppArgs<typeof schema>> = {}) {
  return new TypeScriptApp("producer", {
    placement: { prefix: "weather-test", networks: ["net"] },
    baseImage: "node:24",
    entry: path.join(folder, "main.ts"),
    schema,
    config: { topic: "weather" },
    ...change,
  });
}

test("the image is built from the bundle and named by its content; the container runs it as Node's own user", async () => {
  const { get } = await declared(() => app({ ports: [{ container: 8080, host: 18_080 }] }));
  const { inputs } = get("Image producer-image");
  expect(inputs["imageName"]).toMatch(/^weather-producer:[0-9a-f]{16}$/);
  const { build, skipPush } = inputs as { build: { context: string }; skipPush: boolean };
  expect(skipPush).toBe(true);
  expect(path.basename(build.context)).toBe(String(inputs["imageName"]).split(":")[1]);
  expect(fs.existsSync(path.join(build.context, "app.js"))).toBe(true);
  expect(get("Container producer-container").inputs).toMatchObject({
    ...{ name: "weather-test-producer", image: inputs["imageName"], command: ["/etc/weather/config.json"] },
    ...{ user: "1000:1000", envs: ["NODE_ENV=production"], memory: 256 },
    ports: [{ internal: 8080, external: 18_080, ip: "127.0.0.1" }],
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "http:8080/healthz" }],
  });
});

test("the program gets its configuration filled in, beside its secrets", async () => {
  const { get } = await declared(() =>
    app({ files: [{ path: "/run/secrets/t", content: pulumi.secret("s") }] }),
  );
  const uploads = plain(get("Container producer-container").inputs["uploads"]) as {
    file: string;
    content: string;
  }[];
  expect(uploads.map(({ file }) => file)).toEqual(["/etc/weather/config.json", "/run/secrets/t"]);
  expect(JSON.parse(uploads[0]?.content ?? "")).toEqual({ topic: "weather", pollMs: 150 });
});

test("a configuration that the program wouldn't take is refused with every path", async () => {
  const config = { topic: 1, pollMs: 5, pace: "fast" } as unknown as { topic: string };
  expect(appFaults({ schema, config })).toEqual([
    { propertyPath: "config.topic", reason: "must be a topic's name" },
    { propertyPath: "config.pollMs", reason: "must be at least 20" },
    { propertyPath: "config.pace", reason: "there is no such setting" },
  ]);
  const { all } = await declared(() => {
    expect(() => app({ config })).toThrow(/^TypeScriptApp producer [^]*config\.topic: [^]*config\.pace: /);
  });
  expect(all.map(({ label }) => label)).toEqual(["TypeScriptApp producer"]);
});
