// Entry of the npm scripts. Plain JavaScript without dependencies, because it is what installs them in a plain clone.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether node_modules is what package-lock.json asks for: npm leaves a copy of the lock file's list there. */
function installed() {
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional || present[path]?.version === version,
  );
}

if (!installed()) {
  process.stderr.write("Installing the packages of package-lock.json (npm ci) ...\n");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) process.exit(npm.status ?? 1);
}

const [command, ...args] = process.argv.slice(2);
const [file, rest] =
  command === "test"
    ? [join(root, "node_modules", "jest", "bin", "jest.js"), args]
    : [join(root, "commands", `${command}.ts`), args];
// tsx's own command would start a second Node.js, with hooks for ECMAScript modules, which this project has none of.
const hooks = command === "test" ? [] : ["--require", "tsx/cjs"];
// Ctrl-C reaches the whole terminal group; the command itself decides what to do with it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
const { status, signal } = spawnSync(process.execPath, [...hooks, file, ...rest], {
  cwd: root,
  stdio: "inherit",
});
process.exit(signal ? 1 : (status ?? 1));
