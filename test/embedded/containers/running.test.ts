import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { RunningContainer } from "../../../embedded/containers/running";
import { type PlacedContainer } from "../../../embedded/containers/place";
import { type Driver } from "../../../embedded/drivers/driver";
import { ProcessBook } from "../../../embedded/processes";
import { freePort, isAlive, placedContainer, said, scratchFolder, until } from "../scratch";

let folder: string;
let running: RunningContainer[] = [];
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(async () => {
  await Promise.all(running.map((container) => container.stop("SIGKILL")));
  running = [];
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A driver that runs a script under this Node. */
function node(script: string): Driver {
  return {
    start: ({ environment }) =>
      Promise.resolve({ file: process.execPath, args: ["-e", script], environment }),
  };
}

function container(driver: Driver, change: Partial<PlacedContainer> = {}): RunningContainer {
  const made = new RunningContainer(
    placedContainer(path.join(folder, "thing"), change),
    driver,
    new ProcessBook(path.join(folder, "processes.json")),
  );
  running.push(made);
  return made;
}

const log = () => fs.readFileSync(path.join(folder, "thing", "log"), "utf8");

/** Id of the program, once it has said that it is there. */
async function pidOnceReady(thing: RunningContainer, previous?: number): Promise<number> {
  let pid: number | undefined;
  await until("the program runs", () => {
    ({ pid } = thing.status());
    return pid !== undefined && pid !== previous && log().includes(`ready ${pid}\n`);
  });
  return pid ?? 0;
}

/* Programs that end by themselves after 30 s, so that none outlives a failed test. */
const idle = `console.log("ready " + process.pid); setTimeout(() => {}, 30_000);`;
const deaf = `process.on("SIGTERM", () => {}); ${idle}`;
const answering = (port: number) =>
  `require("net").createServer((s) => s.end(String(process.pid))).listen(${port}, "127.0.0.1", () => console.log("ready " + process.pid)); `;

test("a program runs in its folder with its own environment and little of ours", async () => {
  const script = `console.log(JSON.stringify([process.cwd(), Object.keys(process.env).sort(), process.env.A])); ${idle}`;
  process.env["WEATHER_TEST_OURS"] = "1";
  const thing = container(node(script), { environment: { A: "1" } });
  await thing.start();
  delete process.env["WEATHER_TEST_OURS"];
  await pidOnceReady(thing);
  const [cwd, names, a] = JSON.parse(log().split("\n")[0] ?? "") as [string, string[], string];
  expect([cwd, a]).toEqual([path.join(folder, "thing"), "1"]);
  expect(names.filter((name) => !["A", "HOME", "PATH", "TMPDIR"].includes(name))).toEqual([]);
});

test("killed by a fault it comes back, at its published port too", async () => {
  const inner = await freePort();
  const host = await freePort();
  const thing = container(node(answering(inner)), {
    ports: [{ container: inner, host, address: "127.0.0.1" }],
  });
  await thing.start();
  const first = await pidOnceReady(thing);
  expect(thing.status()).toMatchObject({ state: "running", restarts: 0, endpoints: [`127.0.0.1:${host}`] });
  expect(await said("127.0.0.1", host)).toBe(String(first));

  process.kill(first, "SIGKILL");
  const second = await pidOnceReady(thing, first);
  expect(thing.status()).toMatchObject({ state: "running", restarts: 1 });
  expect(await said("127.0.0.1", host)).toBe(String(second));
  expect(log()).toContain("[weather] ended with SIGKILL\n");
});

test("kill ends the whole group as a fault would, and the policy brings it back", async () => {
  const thing = container(node(idle));
  await thing.start();
  const first = await pidOnceReady(thing);
  thing.kill();
  await pidOnceReady(thing, first);
  expect(thing.status().restarts).toBe(1);
});

test("a program that keeps ending comes back ever more slowly", async () => {
  const thing = container(
    node(`require("fs").appendFileSync("starts", Date.now() + "\\n"); process.exit(3);`),
  );
  await thing.start();
  await until("it restarted three times", () => thing.status().restarts >= 4);
  await thing.stop();
  const starts = fs
    .readFileSync(path.join(folder, "thing", "starts"), "utf8")
    .trim()
    .split("\n")
    .map(Number);
  const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? 0));
  // 100 ms, 200 ms, 400 ms, ... and the time that Node takes to start.
  for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(0.95 * 100 * 2 ** index);
  expect(gaps.length).toBeGreaterThanOrEqual(3);
  expect(log()).toContain("[weather] ended with code 3\n");
});

test.each<[PlacedContainer["restart"], code: number, comesBack: boolean]>([
  ["no", 0, false],
  ["no", 1, false],
  ["on-failure", 0, false],
  ["on-failure", 1, true],
  ["always", 0, true],
  ["unless-stopped", 0, true],
])("policy %s and code %d: comes back %s", async (restart, code, comesBack) => {
  const thing = container(node(`process.exit(${code})`), { restart });
  await thing.start();
  await until("it ended", () => log().includes("[weather] ended"));
  expect(thing.status()).toMatchObject(
    comesBack ? { state: "restarting", restarts: 1 } : { state: "exited", restarts: 0, pid: undefined },
  );
});

test("a stop ends it in order, closes its ports, and keeps it ended", async () => {
  const inner = await freePort();
  const host = await freePort();
  const thing = container(
    node(`process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); ${answering(inner)}`),
    { ports: [{ container: inner, host, address: "127.0.0.1" }] },
  );
  await thing.start();
  const pid = await pidOnceReady(thing);
  await thing.stop();
  expect(isAlive(pid)).toBe(false);
  expect(log()).toContain("bye\n");
  expect(await said("127.0.0.1", host)).toBeUndefined();
  expect(thing.status()).toMatchObject({ state: "exited", pid: undefined, restarts: 0 });

  await thing.start();
  const again = await pidOnceReady(thing, pid);
  expect(await said("127.0.0.1", host)).toBe(String(again));
});

test("a program that won't end is killed after its stop time, or after the time given if that is less", async () => {
  const patient = container(node(deaf), { stopSeconds: 0.3 });
  await patient.start();
  await pidOnceReady(patient);
  const begun = Date.now();
  await patient.stop();
  expect(Date.now() - begun).toBeGreaterThanOrEqual(290);
  await patient.start();
  const pid = await pidOnceReady(patient);
  await patient.stop("SIGTERM", 0.05);
  expect(isAlive(pid)).toBe(false);
  expect(log().match(/ended with SIGKILL/g)).toHaveLength(2);
});

test("the program's own children end with it", async () => {
  const script = `const child = require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 30_000)"]); console.log("child " + child.pid); ${idle}`;
  const thing = container(node(script));
  await thing.start();
  const pid = await pidOnceReady(thing);
  const child = Number(/child (\d+)/.exec(log())?.[1]);
  expect(isAlive(child)).toBe(true);
  await thing.stop();
  await until("both are gone", () => !isAlive(child) && !isAlive(pid));
});

test("a stop between two restarts leaves nothing behind", async () => {
  const thing = container(node(`process.exit(1)`));
  await thing.start();
  await until("it waits for its restart", () => thing.status().state === "restarting");
  await thing.stop();
  const { restarts } = thing.status();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(thing.status()).toMatchObject({ state: "exited", restarts, pid: undefined });
});

test("starting what runs already starts no second one", async () => {
  const thing = container(node(idle));
  await thing.start();
  const pid = await pidOnceReady(thing);
  await thing.start();
  expect(thing.status().pid).toBe(pid);
  await thing.stop();
  expect(log().match(/ready/g)).toHaveLength(1);
});

test("starting what waits for its restart starts it at once, and once", async () => {
  const marker = path.join(folder, "may-stay");
  const thing = container(
    node(`if (!require("fs").existsSync(${JSON.stringify(marker)})) process.exit(1); ${idle}`),
  );
  await thing.start();
  await until(
    "it waits a while",
    () => thing.status().restarts >= 4 && thing.status().state === "restarting",
  );
  fs.writeFileSync(marker, "");
  const begun = Date.now();
  await thing.start();
  const pid = await pidOnceReady(thing);
  expect(Date.now() - begun).toBeLessThan(700);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(thing.status().pid).toBe(pid);
  expect(log().match(/ready/g)).toHaveLength(1);
});

test("a taken port is named before anything starts", async () => {
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as net.AddressInfo;
  const free = await freePort();
  const thing = container(node(idle), {
    ports: [
      { container: 1, host: free, address: "127.0.0.1" },
      { container: 2, host: port, address: "127.0.0.1" },
    ],
  });
  await expect(thing.start()).rejects.toThrow(`port ${port} on 127.0.0.1 is taken by another program`);
  expect(thing.status().pid).toBeUndefined();
  await new Promise((resolve) => other.close(resolve));
  await thing.stop();
  expect(await said("127.0.0.1", free)).toBeUndefined();
});

test("a program that isn't there is said in the log, and tried again", async () => {
  const thing = container({
    start: () => Promise.resolve({ file: "/nowhere/thing", args: [], environment: {} }),
  });
  await thing.start();
  await until("it was tried twice", () => thing.status().restarts >= 2);
  expect(log()).toContain("[weather] /nowhere/thing: spawn /nowhere/thing ENOENT\n");
});

test("its probe turns healthy once it answers and unhealthy when it's killed", async () => {
  const port = await freePort();
  const thing = container(node(`setTimeout(() => { ${answering(port)} }, 400)`), {
    probe: { kind: "tcp", port },
  });
  await thing.start();
  expect(thing.status().healthy).toBe(false);
  await until("it is healthy", () => thing.status().healthy === true);
  thing.kill();
  await until("it isn't", () => thing.status().healthy === false);
  await until("it is again", () => thing.status().healthy === true);
});

test.each([
  [200, true],
  [503, false],
])("an HTTP probe calls status %d healthy: %s", async (status, healthy) => {
  const port = await freePort();
  const script = `require("http").createServer((q, r) => { console.log("asked " + q.url); r.writeHead(${status}).end(); }).listen(${port}, "127.0.0.1");`;
  const thing = container(node(script), { probe: { kind: "http", port, path: "/healthz" } });
  await thing.start();
  await until("it was asked twice", () => log().split("asked /healthz").length > (healthy ? 1 : 2));
  await until("the answer counts", () => thing.status().healthy === healthy);
});

test("without a probe there is no health to tell", async () => {
  const thing = container(node(idle));
  await thing.start();
  expect(thing.status().healthy).toBeUndefined();
});

test("a log that has grown too large is set aside once at the next start", async () => {
  fs.mkdirSync(path.join(folder, "thing"));
  fs.writeFileSync(path.join(folder, "thing", "log"), Buffer.alloc(11 * 1024 * 1024, "x"));
  const thing = container(node(idle));
  await thing.start();
  await pidOnceReady(thing);
  expect(fs.statSync(path.join(folder, "thing", "log.1")).size).toBe(11 * 1024 * 1024);
  expect(fs.statSync(path.join(folder, "thing", "log")).size).toBeLessThan(1_000);
});

describe("steps before the program", () => {
  const step = (script: string) => ({ file: process.execPath, args: ["-e", script], environment: {} });

  test("one to its end gives its code, with its output in the log", async () => {
    let code: number | undefined;
    const thing = container({
      async start(_container, steps) {
        code = await steps.toEnd(step(`console.log("formatting"); process.exit(4)`));
        return step(idle);
      },
    });
    await thing.start();
    await pidOnceReady(thing);
    expect(code).toBe(4);
    expect(log()).toContain("formatting\n");
  });

  test("one that goes on during the work is ended after it, before the program", async () => {
    let helper = 0;
    const thing = container({
      async start(_container, steps) {
        await steps.during(step(idle), async () => {
          await until("the helper is there", () => /ready (\d+)/.test(log()));
          helper = Number(/ready (\d+)/.exec(log())?.[1]);
          expect(isAlive(helper)).toBe(true);
        });
        expect(isAlive(helper)).toBe(false);
        return step(idle);
      },
    });
    await thing.start();
    expect(await pidOnceReady(thing)).not.toBe(helper);
  });

  test("one that ends before the work is done fails the start, and says where to look", async () => {
    const thing = container({
      async start(_container, steps) {
        await steps.during(step("process.exit(1)"), () => new Promise(() => undefined));
        return step(idle);
      },
    });
    await expect(thing.start()).rejects.toThrow(
      `weather-test-thing: ${path.basename(process.execPath)} ended before its set-up was done; see ${path.join(folder, "thing", "log")}`,
    );
  });

  test("a stop while one runs ends it, and the program isn't started", async () => {
    const thing = container({
      async start(_container, steps) {
        await steps.toEnd(step(idle));
        return step(`console.log("program")`);
      },
    });
    const started = thing.start();
    const pid = await pidOnceReady(thing);
    await thing.stop();
    await started;
    expect(isAlive(pid)).toBe(false);
    expect(log()).not.toContain("program");
    expect(thing.status()).toMatchObject({ state: "exited", pid: undefined });
  });
});
