import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { type Browser, type Page } from "puppeteer-core";
import { Sender } from "../apps/shared/sender";
import { readJson, stateFolder } from "../embedded/folder";
import { UserError } from "../embedded/stack-config";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { chromiumPath, startBrowser } from "./browser";
import { deployersKafka } from "./live/kafka-client";
import { type RunningStack, runningStack } from "./live/outputs";

const usage = `npm run screenshots [-- --stack dev] [--seconds 120] [--set path=value]
Brings a stack up embedded, lets it run, has it meet a heat wave and messages that can't be used, and takes pictures of the
live page and the terminal into docs/images. The stack must not be up already.`;

const folder = path.join(projectRoot, "docs", "images");

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    seconds: { type: "string", default: "120" },
    set: { type: "string", multiple: true, default: [] },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new UserError(`--seconds must be a number above 0, not ${values.seconds}`);
  const executable = chromiumPath();
  if (executable === undefined)
    throw new UserError("There is no Chromium: install it, or give its path as CHROMIUM_PATH.");
  fs.mkdirSync(folder, { recursive: true });
  const settings = values.set.flatMap((setting) => ["--set", setting]);
  const up = ["up", "--stack", values.stack, "--target", "embedded", "--detach", ...settings];
  const { code, output } = await command(up);
  if (code !== 0) return code;
  try {
    const running = await runningStack(values.stack);
    await passTime(seconds);
    await disturb(running);
    // The check runs every few seconds and the rule after it; then the alert is on the page.
    await passTime(20);
    const browser = await startBrowser(executable);
    try {
      await picturePage(browser, running.outputs.pages.consumer);
      await pictureTerminal(browser, `$ npm run ${up.slice(0, 1).join(" ")}\n${output.trimEnd()}`);
    } finally {
      await browser.close();
    }
  } finally {
    await command(["down", "--stack", values.stack]);
  }
  process.stdout.write(`Pictures: ${fs.readdirSync(folder).join(", ")} in ${folder}\n`);
  return 0;
});

function passTime(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

/** Runs a command of this project, shows and keeps what it prints. */
async function command(args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [path.join(projectRoot, "commands", "run.mjs"), ...args], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  // What goes on in the background may still hold the pipe.
  child.stdout.destroy();
  return { code: code ?? 1, output };
}

/** A heat wave by way of InfluxDB, all the way to an alert and an anomaly, and two messages that nobody can use. */
async function disturb({ outputs, stack }: RunningStack): Promise<void> {
  const { url, org, bucket } = outputs.influxdb;
  const writes = new InfluxDB({ url, token: operatorToken(stack) }).getWriteApi(org, bucket, "ms");
  const hot = { temperature: 46.3, pressure: 1009.4, wind: 2.1, humidity: 12 };
  const point = new Point("weather").tag("station", "station-0001");
  for (const [field, value] of Object.entries(hot)) point.floatField(field, value);
  writes.writePoint(point);
  await writes.close();
  const sender = new Sender(deployersKafka(outputs, "screenshots"));
  const time = new Date().toISOString();
  for (const value of ["22.5 degrees", JSON.stringify({ station: "station-0004", time, ...hot, wind: 310 })])
    await sender.send("weather", [{ key: "station-0004", value, headers: {} }]);
  await sender.close();
}

/** The token that may write, which the embedded run keeps for its owner. */
function operatorToken(stack: string): string {
  const resources = (readJson(stateFolder(projectRoot, stack).resources) ?? {}) as Record<
    string,
    { state: { result?: string } }
  >;
  const found = Object.entries(resources).find(([urn]) => urn.endsWith("::influxdb-operator-token"));
  return found?.[1].state.result ?? "";
}

/** The page as it is asked for: in light, in dark, and on a phone. */
async function picturePage(browser: Browser, url: string): Promise<void> {
  const pictures = [
    { name: "page-light", scheme: "light", width: 1280, height: 800, scale: 1.5 },
    { name: "page-dark", scheme: "dark", width: 1280, height: 800, scale: 1.5 },
    { name: "page-phone", scheme: "light", width: 360, height: 780, scale: 2 },
  ];
  for (const { name, scheme, width, height, scale } of pictures) {
    const page = await browser.newPage();
    await page.setViewport({ width, height, deviceScaleFactor: scale });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await (await page.createCDPSession()).send("Emulation.setLocaleOverride", { locale: "en-GB" });
    await page.goto(url, { waitUntil: "load" });
    await isThere(page, "#plot canvas");
    // The course of the rate and the statistics of the trend fill.
    await passTime(15);
    await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: name !== "page-phone" });
    await page.close();
  }
}

/** Waits until the page has the element. Puppeteer's own way evaluates text in the page, which its policy forbids. */
async function isThere(page: Page, selector: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await page.$(selector)) === null) {
    if (Date.now() > deadline) throw new UserError(`The page ${page.url()} shows no ${selector}.`);
    await passTime(0.2);
  }
}

/** What the terminal showed, as a terminal would. */
async function pictureTerminal(browser: Browser, text: string): Promise<void> {
  const page = await browser.newPage();
  await page.setViewport({ width: 1000, height: 600, deviceScaleFactor: 1.5 });
  await page.evaluate((text) => {
    const screen = document.createElement("pre");
    screen.textContent = text;
    screen.style.cssText = "margin:0;padding:24px;font:13px/1.45 'DejaVu Sans Mono',monospace;color:#d6dee2";
    document.body.style.cssText = "margin:0;background:#101518;width:max-content";
    document.body.append(screen);
  }, text);
  const body = await page.$("body");
  await body?.screenshot({ path: path.join(folder, "up.png") });
  await page.close();
}
