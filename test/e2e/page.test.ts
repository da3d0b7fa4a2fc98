import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import axe from "axe-core";
import { type Browser, type Page, type SerializedAXNode } from "puppeteer-core";
import { SimulatedStation } from "../../apps/inject/simulate";
import { epochNs, header, messageId } from "../../apps/shared/message";
import { type OutgoingRecord, Sender } from "../../apps/shared/sender";
import { chromiumPath, startBrowser } from "../../commands/browser";
import { startBroker, type TestBroker } from "./broker";
import { type RunningConsumer, startConsumer, webhookToken } from "./consumer";
import { eventually, freePorts } from "./run";

jest.setTimeout(60_000);

const executable = chromiumPath();
if (executable === undefined)
  process.stderr.write("skipped: the live page in a browser (no chromium in PATH, and no CHROMIUM_PATH)\n");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "weather-page-"));
/** More than a page of the table shows. */
const stationCount = 400;
const stations = Array.from({ length: stationCount }, (_, number) => ({
  name: `station-${String(number + 1).padStart(4, "0")}`,
  station: new SimulatedStation(7, number),
}));
/** What a station may call itself: text, whatever it looks like. */
const hostile = `<img src=x onerror="document.title='owned'">`;

let broker: TestBroker;
let sender: Sender;
let port: number;
let consumer: RunningConsumer;
let browser: Browser;
let page: Page;
/** What must stay empty: whatever the browser complains of, and requests to anywhere else. */
const complaints: string[] = [];
/** While the consumer is away the browser rightly reports that it is. */
let isAway = false;

function record(name: string, timeMs: number, weather: object): OutgoingRecord {
  const time = new Date(timeMs).toISOString();
  return {
    key: name,
    value: JSON.stringify({ station: name, time, ...weather }),
    headers: { [header.schemaVersion]: "1", [header.messageId]: messageId(name, epochNs(time) ?? "") },
  };
}
const send = (...records: OutgoingRecord[]) => sender.send("weather", records);

const textOf = (selector: string) =>
  page.$eval(selector, (node) => (node instanceof HTMLElement ? node.innerText : ""));

/** Waits until the text of an element passes. Puppeteer's own way would evaluate text in the page, which its policy forbids. */
async function reads(selector: string, pattern: RegExp, timeoutMs = 15_000): Promise<void> {
  const all = new RegExp(pattern.source, "s");
  await eventually(
    () => page.$eval(selector, (node) => node.textContent),
    (text) => all.test(text),
    timeoutMs,
  ).catch(async () => {
    throw new Error(`${selector} did not come to read ${String(pattern)}, but: ${await textOf(selector)}`);
  });
}

async function newPage(width: number): Promise<Page> {
  const made = await browser.newPage();
  await made.setViewport({ width, height: 900 });
  made.on("console", (message) => {
    if (!isAway && ["error", "warn"].includes(message.type()))
      complaints.push(`${message.type()}: ${message.text()}`);
  });
  made.on("pageerror", (error) => complaints.push(`uncaught: ${String(error)}`));
  made.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== consumer.url && protocol !== "data:") complaints.push(`asked for ${request.url()}`);
  });
  await made.evaluateOnNewDocument(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      console.error(`violates ${violatedDirective}: ${blockedURI}`);
    });
  });
  return made;
}

const describeInBrowser = executable === undefined ? describe.skip : describe;

describeInBrowser("the live page in a browser", () => {
  beforeAll(async () => {
    const names = ["weather", "weather-dlq", "weather-alerts"];
    broker = await startBroker(names.map((name) => ({ name, partitions: 4 })));
    sender = new Sender(broker.kafka);
    port = (await freePorts(1))[0] ?? 0;
    consumer = startConsumer(folder, broker.address, port);
    browser = await startBrowser(executable ?? "");
    const now = Date.now();
    for (let timeMs = now - 50_000; timeMs < now; timeMs += 1_000)
      await send(
        ...stations.slice(0, 3).map(({ name, station }) => record(name, timeMs, station.at(timeMs))),
      );
    await send(...stations.slice(3).map(({ name, station }) => record(name, now, station.at(now))));
    page = await newPage(1280);
    await page.goto(consumer.url, { waitUntil: "load" });
    // The cache may have to be filled by Maven first.
  }, 20 * 60_000);

  afterAll(async () => {
    await browser.close();
    await consumer.stop();
    await sender.close();
    await broker.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test("data appears: figures, a page of the stations, the trend of the first, and the lag", async () => {
    await reads("#connection", /^Live$/);
    await reads("#station-count", /^400$/);
    await reads("#range", /^1–15 of 400$/);
    expect(await page.$$eval("#stations-rows tr", (rows) => rows.length)).toBe(15);
    await reads("#trend-heading", /^station-0001$/);
    await reads("#plot-summary", /mean [−\d.]+ °C, deviation [\d.]+, 50 points/);
    expect(await page.$eval("#plot", (node) => node.getAttribute("aria-label"))).toMatch(
      /^Temperature of station-0001 over the last 49 seconds: between [−\d.]+\s°C and [−\d.]+\s°C, now /,
    );
    expect(await page.$eval("#plot canvas", (canvas) => canvas.clientWidth)).toBeGreaterThan(300);
    expect(await textOf("#lag-rows")).toMatch(/^0\s+0\n1\s+0\n2\s+0\n3\s+0$/);
    for (const empty of ["#alerts-empty", "#dead-letters-empty"])
      expect(await page.$eval(empty, (node) => node.checkVisibility())).toBe(true);
  });

  test("new values appear as they come, without a reload", async () => {
    await send(
      record("station-0001", Date.now(), { temperature: -12.34, pressure: 987.6, wind: 21.5, humidity: 3 }),
    );
    await reads("#stations-rows tr:first-child", /station-0001−12\.3987\.621\.53/);
    await reads("#measures", /Temperature−12\.3 °C.*Pressure987\.6 hPa.*Wind21\.5 m\/s.*Humidity3 %/);
    await reads("#station-anomalies", /▼Temperature −12\.3\s°C, [\d.]+ deviations below/);
    await reads("#anomalies", /station-0001/);
  });

  test("a station is found by its name, sorted by a column and chosen, with the keyboard alone", async () => {
    await page.focus("#find");
    await page.keyboard.type("0002");
    await reads("#range", /^1–1 of 1 found in 400$/);
    for (let i = 0; i < 10; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.textContent === "station-0002")) break;
    }
    const outline = await page.evaluate(() =>
      document.activeElement ? getComputedStyle(document.activeElement).outlineStyle : "",
    );
    expect(outline).toBe("solid");
    await page.keyboard.press("Enter");
    await reads("#trend-heading", /^station-0002$/);
    expect(new URL(page.url()).hash).toBe("#station-0002");
    await page.focus("#measures input");
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() =>
      document.querySelector("#plot")?.getAttribute("aria-label")?.startsWith("Pressure of station-0002"),
    );
    await page.focus("#find");
    await page.keyboard.down("Control");
    await page.keyboard.press("a");
    await page.keyboard.up("Control");
    await page.keyboard.press("Backspace");
    await page.focus("#stations-head th:nth-child(2) button");
    await page.keyboard.press("Enter");
    expect(await page.$eval("#stations-head th:nth-child(2)", (node) => node.ariaSort)).toBe("descending");
    const shown = await page.$$eval("#stations-rows td:nth-child(2)", (cells) =>
      cells.map(({ textContent }) => Number(textContent)),
    );
    expect(shown).toEqual([...shown].sort((a, b) => b - a));
    await page.click("#next");
    await reads("#range", /^16–30 of 400$/);
  });

  test("an alert appears as InfluxDB reports it, is said to a screen reader, and a repetition isn't", async () => {
    const notify = (level: string) =>
      fetch(`${consumer.url}/alerts`, {
        method: "POST",
        headers: { authorization: `Bearer ${webhookToken}` },
        body: JSON.stringify({
          ...{ _check_name: "too hot", _level: level, _time: new Date().toISOString() },
          ...{ station: "station-0002", temperature: 41.27 },
        }),
      });
    expect(await textOf("#announcer")).toBe("");
    expect((await notify("crit")).status).toBe(200);
    await reads("#alerts", /CRITtoo hot, temperature 41\.3\s°Cstation-0002/);
    await reads("#announcer", /^New alert: CRIT, too hot, temperature 41\.3\s°C, station-0002$/);
    await notify("crit");
    await notify("ok");
    await reads("#alert-count", /^2$/);
    await reads("#announcer", /^New alert: OK/);
  });

  test("dead letters appear with their reasons, and data never becomes markup", async () => {
    await send(
      { key: hostile, value: hostile, headers: {} },
      record(hostile, Date.now(), { temperature: 400 }),
    );
    await send(record(hostile, Date.now(), { temperature: 20, pressure: 1000, wind: 1 }));
    await reads("#dead-letters", /not JSON \(<img src=x/);
    await reads("#dead-letters", /temperature: 400 is outside -90\.\.60/);
    await reads("#dead-letter-count", /^2$/);
    await reads("#station-count", /^401$/);
    await page.focus("#find");
    await page.keyboard.type("onerror");
    await reads("#stations-rows tr:first-child th", /^<img src=x onerror=/);
    await page.click("#stations-rows tr:first-child");
    await reads("#trend-heading", /^<img src=x/);
    expect(await page.$$("img")).toHaveLength(0);
    expect(await page.title()).toBe("Weather, live");
  });

  test("it comes back by itself after a restart of the consumer, and shows what is new", async () => {
    isAway = true;
    await consumer.stop();
    await reads("#connection", /^Connection lost, trying again$/);
    await send(record("station-0400", Date.now(), { temperature: 33.3, pressure: 1001, wind: 2 }));
    consumer = startConsumer(folder, broker.address, port);
    await reads("#connection", /^Live$/, 30_000);
    isAway = false;
    // The group goes on where it was, with what the new process has read again of the window.
    await reads("#station-count", /^401$/, 30_000);
    await page.evaluate(() => {
      const find = document.querySelector<HTMLInputElement>("#find");
      if (find) find.value = "";
      find?.dispatchEvent(new Event("input"));
    });
    await reads("#stations-rows tr:first-child", /^station-040033\.3/);
  });

  test("it has names, roles and contrast for whoever can't see it, in light and dark", async () => {
    const nodes = flat(await page.accessibility.snapshot({ interestingOnly: false }));
    const headings = nodes.filter(({ role }) => role === "heading").map(({ name }) => name);
    expect(headings).toEqual(
      expect.arrayContaining(["Stations", "Alerts", "Anomalies", "Dead letters", "Lag per partition"]),
    );
    const roles = ["button", "searchbox", "radio", "image", "region", "table", "columnheader", "rowheader"];
    const told = nodes.filter(({ role }) => roles.includes(role));
    expect([...new Set(told.map(({ role }) => role))].sort()).toEqual([...roles].sort());
    expect(told.filter(({ name }) => (name ?? "") === "")).toEqual([]);
    for (const scheme of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      // A hovered row takes its new colours a frame later.
      await eventually(violations, (found) => found.length === 0, 5_000);
    }
  });

  test("the theme can be chosen, and is kept", async () => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await paper();
    await page.click("#theme");
    await page.click("#theme");
    await reads("#theme", /^Theme: dark$/);
    const dark = await paper();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await paper()).toBe(dark);
  });

  test("at the width of a phone nothing needs to be scrolled sideways", async () => {
    const phone = await newPage(360);
    await phone.goto(consumer.url, { waitUntil: "load" });
    await eventually(
      () => phone.$$("#plot canvas"),
      (plots) => plots.length > 0,
      15_000,
    );
    const widths = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths).toEqual([360, 360]);
    await phone.close();
  });

  test("no error, no breach of the policy, no request to anywhere else", () => {
    expect(complaints).toEqual([]);
  });
});

/** The accessibility tree's nodes, one after the other. */
function flat(node: SerializedAXNode | null): Pick<SerializedAXNode, "role" | "name">[] {
  return node ? [{ role: node.role, name: node.name }, ...(node.children ?? []).flatMap(flat)] : [];
}

/** What axe-core finds against the page by WCAG 2.2 A and AA and by good practice: the rule, and where. */
async function violations(): Promise<string[]> {
  // As the debugger sees it: the page's own policy lets no script in.
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => {
    const inPage = window as unknown as { axe: typeof axe };
    return inPage.axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
  });
  expect(found.passes.length).toBeGreaterThan(20);
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => String(target)).join(", ")}`,
  );
}
