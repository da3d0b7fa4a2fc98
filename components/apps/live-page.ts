import * as fs from "node:fs";
import * as path from "node:path";
import { buildSync } from "esbuild";
import { type PageFiles } from "../../apps/consumer/page";

let built: string | undefined;

/**
 * The consumer's live page as JSON of its {@link PageFiles}: the document, and script and style with all they import, so that
 * the page needs nothing from elsewhere.
 *
 * @throws Error with esbuild's messages where the sources can't be bundled.
 */
export function livePage(): string {
  if (built !== undefined) return built;
  const folder = path.join(__dirname, "..", "..", "apps", "consumer", "page");
  const files: PageFiles = {
    document: fs.readFileSync(path.join(folder, "index.html"), "utf8"),
    script: browserFile(path.join(folder, `main${path.extname(__filename)}`)),
    style: browserFile(path.join(folder, "style.css")),
  };
  return (built = JSON.stringify(files));
}

function browserFile(entry: string): string {
  const licenceFile = path.join(path.dirname(require.resolve("uplot")), "..", "LICENSE");
  const licence = `/* This file holds parts of uPlot.\n${fs.readFileSync(licenceFile, "utf8").trim()}\n*/`;
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    platform: "browser",
    target: ["es2022", "chrome109", "firefox115", "safari16"],
    format: "iife",
    charset: "utf8",
    legalComments: "none",
    // uPlot's licence goes wherever a copy of it goes.
    banner: { js: licence, css: licence },
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`esbuild made nothing of ${entry}`);
  return output.text;
}
