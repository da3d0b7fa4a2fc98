import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { spawnSync } from "node:child_process";
import { bundle } from "../../../components/apps/bundle";

const here = process.cwd();
let folder: string;
beforeEach(() => {
  folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "bundle-")));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(here);
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A clone with a program of two files and a data set; returns the program's entry. */
function clone(name: string, greeting = "hello"): string {
  const files = {
    "package.json": "{}",
    "apps/greet/main.ts": `import { text } from "../shared/text";\nimport rows from "./rows.csv";\nconst said: string = text + " " + rows.trim();\nconsole.log(said);\n`,
    "apps/greet/rows.csv": "a,b\n",
    "apps/shared/text.ts": `export const text: string = ${JSON.stringify(greeting)};\n`,
  };
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(folder, name, path.dirname(file)), { recursive: true });
    fs.writeFileSync(path.join(folder, name, file), text);
  }
  return path.join(folder, name, "apps/greet/main.ts");
}

test("a program with all it imports is one file that Node runs, in a context with its Dockerfile", () => {
  const { contextFolder, contentHash } = bundle(clone("a"), "node:24");
  expect(contentHash).toMatch(/^[0-9a-f]{16}$/);
  expect(contextFolder).toBe(path.join(".weather", "bundles", contentHash));
  expect(fs.readdirSync(contextFolder).sort()).toEqual(["Dockerfile", "app.js"]);
  const dockerfile = fs.readFileSync(path.join(contextFolder, "Dockerfile"), "utf8");
  expect(dockerfile).toMatch(
    /^FROM node:24\n[^]*^COPY app\.js \/app\/app\.js\nUSER node\nENTRYPOINT \["node", "\/app\/app\.js"\]\n$/m,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [path.join(contextFolder, "app.js")], {
    encoding: "utf8",
  });
  expect([stdout, stderr]).toEqual(["hello a,b\n", ""]);
});

test("the hash follows code and base image, and nothing else: not the place of the clone, not the moment", () => {
  const first = bundle(clone("a"), "node:24").contentHash;
  expect(bundle(clone("b/c"), "node:24").contentHash).toBe(first);
  expect(bundle(clone("d", "bonjour"), "node:24").contentHash).not.toBe(first);
  expect(bundle(path.join(folder, "a/apps/greet/main.ts"), "node:22").contentHash).not.toBe(first);
});

test("sources that can't be bundled are an error that says where", () => {
  const entry = clone("a");
  fs.writeFileSync(entry, 'import "./missing";\n');
  expect(() => bundle(entry, "node:24")).toThrow(
    /apps\/greet\/main\.ts:1:7: ERROR: Could not resolve "\.\/missing"/,
  );
});
