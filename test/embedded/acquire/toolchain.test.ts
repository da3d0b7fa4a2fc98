import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import {
  compareVersions,
  MissingToolsError,
  parseJavaVersion,
  requireTools,
  toolFinder,
  type ToolName,
} from "../../../embedded/acquire/toolchain";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "tools-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A program of that name which prints what it is told to. */
function program(name: string, script: string): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

test.each([
  ['JAVA_RUNTIME_VERSION="17.0.15+6-Debian-1deb12u1"\nJAVA_VERSION="17.0.15"\n', "17.0.15"],
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)', "17.0.15"],
  ['openjdk version "21" 2023-09-19', "21"],
  ['openjdk version "25-ea" 2025-09-16', "25"],
  ['java version "1.8.0_402"\nJava(TM) SE Runtime Environment', "8.0"],
  ["Error: could not find libjava.so", undefined],
])("the version in %j", (text, version) => {
  expect(parseJavaVersion(text)).toBe(version);
});

test("versions are compared by number", () => {
  expect(["1.25.10", "1.9", "1.25.5", "1.25"].sort(compareVersions)).toEqual([
    "1.9",
    "1.25",
    "1.25.5",
    "1.25.10",
  ]);
});

const needs = [
  { tool: "java" as const, purpose: "to run Kafka", atLeast: "17" },
  { tool: "mvn" as const, purpose: "to download kafka-4.3.1" },
  { tool: "go" as const, purpose: "to build influxd-2.9.1", atLeast: "1.25.10" },
  { tool: "go" as const, purpose: "to build telegraf-1.37.2", atLeast: "1.25.5" },
];

test("all that is missing is named at once, with the way to get it", async () => {
  const failed = requireTools(needs, () => undefined, {});
  await expect(failed).rejects.toThrow(MissingToolsError);
  await expect(failed).rejects.toMatchObject({
    missing: [
      { tool: "java", reason: "not found (17 or later)", purposes: ["to run Kafka"] },
      { tool: "mvn", reason: "not found", purposes: ["to download kafka-4.3.1"] },
      {
        tool: "go",
        reason: "not found (1.25.10 or later)",
        purposes: ["to build influxd-2.9.1", "to build telegraf-1.37.2"],
      },
    ],
  });
  await expect(failed).rejects.toThrow("On Debian: apt-get install default-jre-headless maven golang-go");
});

async function reasonFor(tool: ToolName, atLeast: string, script: string): Promise<string | undefined> {
  const file = program(tool, script);
  try {
    await requireTools([{ tool, purpose: "here", atLeast }], () => file, { PATH: process.env["PATH"] });
    return undefined;
  } catch (error) {
    return (error as MissingToolsError).missing[0]?.reason.replace(file, tool);
  }
}

const go = (version: string, toolchain: string) =>
  `case $1 in version) echo go version go${version} linux/amd64;; env) echo ${toolchain};; esac`;

test.each<[ToolName, string, string, string | undefined]>([
  ["java", "17", `echo 'openjdk version "17.0.2" 2022-01-18' >&2`, undefined],
  ["java", "17", `echo 'openjdk version "11.0.2" 2019-01-15' >&2`, "java is 11.0.2, too old (17 or later)"],
  ["java", "17", "echo no such JVM >&2; exit 1", "java doesn't run: no such JVM"],
  ["java", "17", "echo hello", "java doesn't tell its version (17 or later)"],
  ["go", "1.25.10", go("1.26.8", "local"), undefined],
  ["go", "1.25.10", go("1.25.9", "local"), "go is 1.25.9, too old (1.25.10 or later)"],
  ["go", "1.25.10", go("1.24.1", "auto"), undefined],
  ["go", "1.25.10", go("1.19", ""), "go is 1.19, too old (1.25.10 or later)"],
  ["cargo", "1.83", "echo 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)'", undefined],
  ["cargo", "1.83", "echo 'cargo 1.66.0'", "cargo is 1.66.0, too old (1.83 or later)"],
])("%s of at least %s, being %j", async (tool, atLeast, script, reason) => {
  expect(await reasonFor(tool, atLeast, script)).toBe(reason);
});

test("a JDK's release file spares starting it", async () => {
  fs.mkdirSync(path.join(folder, "bin"));
  const file = program("bin/java", "touch $(dirname $0)/started");
  fs.writeFileSync(path.join(folder, "release"), 'JAVA_VERSION="21.0.1"\n');
  await requireTools([{ tool: "java", purpose: "here", atLeast: "17" }], () => file, {});
  expect(fs.readdirSync(path.join(folder, "bin"))).toEqual(["java"]);
});

test("programs are looked up in PATH, Java in JAVA_HOME first", () => {
  fs.mkdirSync(path.join(folder, "home", "bin"), { recursive: true });
  const other = program("java", "");
  const own = program("home/bin/java", "");
  const maven = program("mvn", "");
  fs.writeFileSync(path.join(folder, "go"), "not a program", { mode: 0o644 });
  expect(toolFinder({ PATH: folder })("java")).toBe(other);
  const find = toolFinder({ PATH: `:/nowhere:${folder}`, JAVA_HOME: path.join(folder, "home") });
  expect(find("java")).toBe(own);
  expect(find("mvn")).toBe(maven);
  expect(find("go")).toBeUndefined();
});
