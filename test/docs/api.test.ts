import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { projectRoot } from "./markdown";

const made = fs.mkdtempSync(path.join(os.tmpdir(), "weather-api-"));

afterAll(() => {
  fs.rmSync(made, { recursive: true, force: true });
});

/** The pages below a folder by their path. */
function pages(folder: string): Record<string, string> {
  const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    files
      .filter((file) => file.endsWith(".md"))
      .map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")]),
  );
}

test("docs/api is what `npm run docs` makes of the sources, without a warning", () => {
  const typedoc = path.join(projectRoot, "node_modules", "typedoc", "bin", "typedoc");
  execFileSync(process.execPath, [typedoc, "--out", made], { cwd: projectRoot, stdio: "pipe" });
  const [now, committed] = [pages(made), pages(path.join(projectRoot, "docs", "api"))];
  const files = new Set([...Object.keys(now), ...Object.keys(committed)]);
  // The remedy is `npm run docs`.
  expect([...files].filter((file) => now[file] !== committed[file])).toEqual([]);
}, 300_000);
