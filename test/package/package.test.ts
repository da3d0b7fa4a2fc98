import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

const projectRoot = path.resolve(__dirname, "../..");

/** The example, in a folder of its own, with the package as `npm pack` makes it. */
const example = fs.mkdtempSync(path.join(os.tmpdir(), "weather-package-"));
const installed = path.join(example, "node_modules", "pulumi-weather-pipeline");
let files: string[] = [];

function succeed(command: string, args: string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

beforeAll(() => {
  fs.cpSync(path.join(projectRoot, "examples", "extra-topic"), example, { recursive: true });
  succeed("npm", ["pack", "--pack-destination", example], projectRoot);
  const [archive = ""] = fs.readdirSync(example).filter((file) => file.endsWith(".tgz"));
  files = succeed("tar", ["tzf", archive], example).trim().split("\n");
  // What the package depends on is taken from this project, so that no registry is asked.
  fs.mkdirSync(path.join(example, "node_modules"), { recursive: true });
  for (const name of fs.readdirSync(path.join(projectRoot, "node_modules"))) {
    fs.symlinkSync(path.join(projectRoot, "node_modules", name), path.join(example, "node_modules", name));
  }
  fs.mkdirSync(installed);
  succeed("tar", ["xzf", archive, "--strip-components=1", "-C", installed], example);
}, 180_000);

afterAll(() => {
  fs.rmSync(example, { recursive: true, force: true });
});

test("the package holds compiled JavaScript with types, the live page's document and style, and nothing else", () => {
  const strange = files.filter(
    (file) =>
      !/^package\/dist\/(components|apps|policy)\/.*\.(js|d\.ts)$/.test(file) &&
      !/^package\/dist\/apps\/consumer\/page\/(index\.html|style\.css)$/.test(file) &&
      !/^package\/(package\.json|README\.md|LICENSE|NOTICE)$/.test(file),
  );
  expect(strange).toEqual([]);
  for (const file of files.filter((name) => name.endsWith(".js")))
    expect(files).toContain(file.replace(/\.js$/, ".d.ts"));
});

test("every entry of its exports is there", () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(installed, "package.json"), "utf8")) as {
    exports: Record<string, string | Record<string, string>>;
  };
  const targets = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string" ? [entry] : Object.values(entry),
  );
  const absent = targets.filter((file) => !file.includes("*") && !fs.existsSync(path.join(installed, file)));
  expect(absent).toEqual([]);
});

test("its own programs are in it, ready to be bundled", () => {
  const bundleAll = `
    const fs = require("node:fs");
    const { bundle } = require("pulumi-weather-pipeline/dist/components/apps/bundle.js");
    const { livePage } = require("pulumi-weather-pipeline/dist/components/apps/live-page.js");
    const { appEntry } = require("pulumi-weather-pipeline/dist/components/apps/typescript-app.js");
    for (const app of ["inject", "producer", "consumer"]) {
      const { contextFolder } = bundle(appEntry(app), "node");
      console.log(app, fs.statSync(contextFolder + "/app.js").size > 10_000);
    }
    const { script, style } = JSON.parse(livePage());
    console.log("page", script.includes("uPlot"), style.includes(".u-over"));`;
  expect(succeed("node", ["-e", bundleAll], example)).toBe(
    "inject true\nproducer true\nconsumer true\npage true true\n",
  );
}, 60_000);

test("what Pulumi serialises may require any compiled module, and the policies start no server", () => {
  const requireAll = `
    require("pulumi-weather-pipeline/dist/components/kafka/readiness.js");
    console.log(require("pulumi-weather-pipeline/policy").all.length > 10);`;
  expect(succeed("node", ["-e", requireAll], example)).toBe("true\n");
}, 60_000);

test("the example's types agree with the package's", () => {
  expect(succeed("node", [path.join("node_modules", "typescript", "bin", "tsc"), "-p", "."], example)).toBe(
    "",
  );
}, 120_000);

test("the example's types refuse what a pipeline doesn't tell", () => {
  const wrong = path.join(example, "wrong.ts");
  fs.writeFileSync(
    wrong,
    'import { pipelineReference } from "pulumi-weather-pipeline";\nexport const x: number = pipelineReference("a/b/c").kafka.nothing;\n',
  );
  const { status, stdout } = spawnSync(
    "node",
    [path.join("node_modules", "typescript", "bin", "tsc"), "-p", "."],
    { cwd: example, encoding: "utf8" },
  );
  fs.rmSync(wrong);
  expect(status).not.toBe(0);
  expect(stdout).toContain("Property 'nothing' does not exist");
}, 120_000);

interface Planned {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** Runs the example against the outputs of a pipeline, and prints what it declares and gives out. */
const harness = `
  import * as pulumi from "@pulumi/pulumi";
  const outputs = JSON.parse(process.argv[2] ?? "{}") as Record<string, unknown>;
  const planned: unknown[] = [];
  pulumi.runtime.setAllConfig({
    "weather-frost:pipeline": "organization/weather/dev",
    "weather-frost:belowCelsius": "0",
  });
  void pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ type, name, inputs, id }) => {
      if (type === "pulumi:pulumi:StackReference")
        return { id: name, state: { name, outputs, secretOutputNames: ["influxdbReadToken"] } };
      planned.push({ type, name, inputs });
      return { id: id ?? name, state: inputs };
    },
  }, "weather-frost", "frost", true);
  const program = require("./index") as () => Promise<Record<string, unknown>>;
  const settled = program().then((given) => new Promise((resolve) =>
    pulumi.all(given).apply(async (plain) => {
      const isSecret = await pulumi.isSecret(given["influxdbReadToken"] as pulumi.Output<string>);
      await pulumi.runtime.disconnect();
      resolve({ plain, isSecret, planned });
    }),
  ));
  settled.then((all) => console.log(JSON.stringify(all)), (error) => { console.error(error.message); process.exit(1); });
`;

function planExample(outputs: Record<string, unknown>) {
  fs.writeFileSync(path.join(example, "harness.ts"), harness);
  return spawnSync("node", ["-r", "ts-node/register/transpile-only", "harness.ts", JSON.stringify(outputs)], {
    cwd: example,
    encoding: "utf8",
  });
}

const pipelineOutputs = {
  prefix: "weather-dev",
  network: "weather-dev",
  kafka: {
    bootstrapServers: ["127.0.0.1:19092", "127.0.0.1:29092", "127.0.0.1:39092"],
    internalBootstrapServers: ["kafka1:9092", "kafka2:9092", "kafka3:9092"],
    clusterId: "abcdefghijklmnopqrstuv",
    topics: ["weather"],
    group: "weather-analysis",
  },
  influxdb: {
    url: "http://127.0.0.1:8086",
    internalUrl: "http://influxdb:8086",
    org: "o",
    bucket: "b",
    username: "u",
  },
  influxdbPassword: "a password",
  influxdbReadToken: "a token",
  pages: { consumer: "http://127.0.0.1:8080" },
};

test("the example adds a topic and a program of its own to a deployed pipeline", () => {
  const { status, stdout, stderr } = planExample(pipelineOutputs);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const { plain, isSecret, planned } = JSON.parse(stdout.trim().split("\n").pop() ?? "") as {
    plain: Record<string, unknown>;
    isSecret: boolean;
    planned: Planned[];
  };
  const of = (type: string) => planned.filter((resource) => resource.type === type);
  expect(of("kafka:index/topic:Topic")).toMatchObject([
    { name: "frost-topic", inputs: { name: "weather-frost", partitions: 4, replicationFactor: 3 } },
  ]);
  const [container] = of("docker:index/container:Container");
  expect(container?.inputs).toMatchObject({
    name: "frost-frost-frost",
    networksAdvanced: [{ name: "weather-dev", aliases: ["frost"] }],
  });
  expect(JSON.stringify(container?.inputs["uploads"])).toContain("kafka3:9092");
  expect(plain).toMatchObject({
    topic: "weather-frost",
    influxdbUrl: "http://127.0.0.1:8086",
    influxdbReadToken: "a token",
  });
  expect(isSecret).toBe(true);
}, 120_000);

test("a stack that is no pipeline is refused by its name", () => {
  const { status, stderr } = planExample({ somethingElse: 1 });
  expect(status).toBe(1);
  expect(stderr).toContain('The stack "organization/weather/dev" has no output');
}, 120_000);
