import * as fs from "node:fs";
import * as path from "node:path";
import puppeteer, { type Browser } from "puppeteer-core";

/** Names under which Chromium or Chrome is installed. */
const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Path of a Chromium: `$CHROMIUM_PATH`, else the first in `PATH`; undefined where there is none. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env["CHROMIUM_PATH"];
  if (given !== undefined && given !== "") return given;
  return (env["PATH"] ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => fs.existsSync(file));
}

/** Starts it without a window. */
export function startBrowser(executablePath: string): Promise<Browser> {
  return puppeteer.launch({
    executablePath,
    // Chromium's own sandbox wants a user other than root, and namespaces, which containers refuse. It only sees this project's page.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"],
  });
}
