import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { acquireAll } from "../../../embedded/acquire/all";
import { acquireKafka } from "../../../embedded/acquire/kafka";
import { type AcquireEvent } from "../../../embedded/acquire/progress";
import { type AcquireOptions, wholeVersion } from "../../../embedded/acquire/recipe";
import { telegrafRecipe } from "../../../embedded/acquire/telegraf";
import { MissingToolsError } from "../../../embedded/acquire/toolchain";

const versions = { kafka: "4.3.1", influxd: "2.9.1", telegraf: "1.37.2" };
let cache: string;
let told: AcquireEvent[];
beforeEach(() => {
  cache = fs.mkdtempSync(path.join(os.tmpdir(), "acquire-"));
  told = [];
});
afterEach(() => {
  fs.rmSync(cache, { recursive: true });
});

const tell = (event: AcquireEvent): void => {
  told.push(event);
};

function put(file: string, content = "", mode = 0o755): string {
  const full = path.join(cache, file);
  fs.mkdirSync(path.dirname(full), { recursive: true });
  fs.writeFileSync(full, content, { mode });
  return full;
}

/** Programs of our own in place of the machine's, so that nothing is downloaded or compiled here. */
function machineWith(tools: Record<string, string>): AcquireOptions {
  for (const [name, script] of Object.entries(tools)) put(`bin/${name}`, `#!/bin/sh\n${script}\n`);
  put("release", 'JAVA_VERSION="17.0.15"\n');
  return {
    env: { WEATHER_CACHE: cache, PATH: `${cache}/bin:/usr/bin:/bin` },
    findTool: (name) => (name in tools ? `${cache}/bin/${name}` : undefined),
  };
}

const goScript = `case "$1" in version) echo go version go1.26.8;; build) echo "go: downloading a v1.0.0" >&2; while [ "$1" != -o ]; do shift; done; echo built >"$2";; esac`;
const javaScript = `for a; do case $a in -XX:ArchiveClassesAtExit=*) echo x >"\${a#*=}"; echo Kafka Server started;; esac; done; mkdir -p data`;
const mavenScript = `mkdir libs; touch libs/log4j-slf4j-impl-2.25.4.jar libs/kafka.jar`;
const cargoScript = "echo cargo 1.95.0";

test("nothing is begun where a tool is missing, and all that are missing are named", async () => {
  const failed = acquireAll(versions, tell, machineWith({ mvn: "exit 1" }));
  await expect(failed).rejects.toThrow(MissingToolsError);
  await expect(failed).rejects.toMatchObject({
    missing: [{ tool: "java" }, { tool: "go" }, { tool: "gcc" }, { tool: "cargo" }],
  });
  expect(told).toEqual([]);
});

test("all servers are made once, and are found the next time without any tool but Java, or a word", async () => {
  const machine = machineWith({
    java: javaScript,
    mvn: mavenScript,
    go: goScript,
    gcc: "",
    cargo: cargoScript,
  });
  const made = await acquireAll(versions, tell, machine);
  expect(made).toEqual({
    kafka: {
      version: "4.3.1",
      classPath: path.join(cache, "kafka-4.3.1", "libs", "*"),
      java: path.join(cache, "bin", "java"),
      jvmOptions: [
        expect.stringMatching(/^-XX:SharedArchiveFile=.*\/kafka-4\.3\.1-classes-[0-9a-f]{8}\/broker\.jsa$/),
        "-Xshare:auto",
        "-Xlog:cds*=off",
      ],
    },
    influxd: path.join(cache, "influxd-2.9.1", "influxd"),
    telegraf: path.join(cache, telegrafRecipe("1.37.2").item, "telegraf"),
  });
  expect(fs.readdirSync(path.join(cache, "influxd-2.9.1")).sort()).toEqual(["go.mod", "influxd"]);
  expect(told).toContainEqual(expect.objectContaining({ item: "influxd-2.9.1", phase: "ready" }));

  told = [];
  for (const tool of ["mvn", "go", "gcc", "cargo"]) fs.rmSync(path.join(cache, "bin", tool));
  put("bin/java", "#!/bin/sh\nexit 1\n");
  const again = await acquireAll(versions, tell, {
    ...machine,
    findTool: (name) => (name === "java" ? made.kafka?.java : undefined),
  });
  expect(again).toEqual(made);
  expect(told).toEqual([]);
});

test("the first failure ends the other builds", async () => {
  const machine = machineWith({
    java: javaScript,
    mvn: "exec sleep 60",
    go: `[ "$1" = version ] && echo go version go1.26.8 || { echo broken >&2; exit 1; }`,
    gcc: "",
    cargo: cargoScript,
  });
  const begunMs = Date.now();
  await expect(acquireAll(versions, tell, machine)).rejects.toThrow(
    /influxd-2\.9\.1 could not be obtained(.*\n)* {2}broken/,
  );
  expect(Date.now() - begunMs).toBeLessThan(10_000);
  expect(fs.readdirSync(cache).filter((name) => name.startsWith("."))).toEqual([]);
  expect(fs.readdirSync(path.join(cache, "logs")).sort()).toEqual(["influxd-2.9.1.log", "kafka-4.3.1.log"]);
});

test("a Java without class archives runs Kafka all the same, and another Java gets an archive of its own", async () => {
  const machine = machineWith({ java: "exit 1", mvn: mavenScript });
  const without = await acquireKafka("4.3.1", tell, machine);
  expect(without.jvmOptions).toEqual([]);
  expect(told).toContainEqual(expect.objectContaining({ phase: "left out" }));

  put("bin/java", `#!/bin/sh\n${javaScript}\n`);
  const first = await acquireKafka("4.3.1", tell, machine);
  put("release", 'JAVA_VERSION="21.0.1"\n');
  const second = await acquireKafka("4.3.1", tell, machine);
  expect(first.jvmOptions).toHaveLength(3);
  expect(second.jvmOptions[0]).not.toBe(first.jvmOptions[0]);
});

test("the place of telegraf follows its list of plugins", () => {
  expect(telegrafRecipe("1.37.2")).toMatchObject({ item: "telegraf-1.37.2-ff21baa0", proof: "telegraf" });
});

test.each([
  ["4.3.1", "4.3.1"],
  ["v1.37.2", "1.37.2"],
  ["2.9.1-alpine", "2.9.1"],
])("the version in the tag %s", (tag, version) => {
  expect(wholeVersion("server", tag)).toBe(version);
});

test.each(["latest", "2.9", "4.3.1.2", ""])("the tag %j is refused", (tag) => {
  expect(() => wholeVersion("server", tag)).toThrow(/whole version/);
});
