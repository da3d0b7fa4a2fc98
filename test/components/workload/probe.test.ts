import { spawn } from "node:child_process";
import * as http from "node:http";
import * as net from "node:net";
import {
  dockerHealthcheck,
  parseProbe,
  type Probe,
  probeCommand,
  probeText,
} from "../../../components/workload/probe";

test.each<[Probe, string]>([
  [{ kind: "tcp", port: 9092 }, "tcp:9092"],
  [{ kind: "http", port: 8086, path: "/health" }, "http:8086/health"],
  [{ kind: "http", port: 80, path: "/" }, "http:80/"],
  [{ kind: "https", port: 8080, path: "/healthz" }, "https:8080/healthz"],
  [{ kind: "http", port: 1, path: "/a/b?c=d:e" }, "http:1/a/b?c=d:e"],
])("%j in words and back", (probe, text) => {
  expect(probeText(probe)).toBe(text);
  expect(parseProbe(text)).toEqual(probe);
});

test.each([
  "",
  "tcp",
  "tcp:",
  "udp:53",
  "http:/health",
  "http:80health",
  "tcp:9092/health",
  " tcp:1",
  "tcp:x",
])("%j is no probe", (text) => {
  expect(parseProbe(text)).toBeUndefined();
});

const servers: net.Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: net.Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

/** Runs the command as Docker would, and returns its exit code. */
function run([mode, file = "", ...args]: string[]): Promise<number | null> {
  if (mode !== "CMD") throw new Error(`${String(mode)} is no exec form`);
  return new Promise((resolve, reject) => {
    spawn(file, args, { stdio: "ignore", timeout: 10_000 }).once("error", reject).once("close", resolve);
  });
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer();
  const port = await listen(server);
  servers.pop();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the command of a TCP probe is well while something accepts connections", async () => {
  const port = await listen(
    net.createServer((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end(),
    ),
  );
  expect(await run(probeCommand({ kind: "tcp", port }))).toBe(0);
  expect(await run(probeCommand({ kind: "tcp", port: await closedPort() }))).not.toBe(0);
});

test.each([
  [200, true],
  [204, false],
  [404, false],
  [500, false],
  [503, false],
])("the command of an HTTP probe calls status %d well: %s", async (status, well) => {
  const asked: string[] = [];
  const port = await listen(
    http.createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers.host ?? ""}`);
      response.writeHead(status).end(" 200 is what the body says");
    }),
  );
  const code = await run(probeCommand({ kind: "http", port, path: "/health?a=100%25&b='c'" }));
  expect(asked).toEqual(["GET /health?a=100%25&b='c' 127.0.0.1"]);
  expect(code === 0).toBe(well);
});

test("the command of an HTTP probe fails where nobody listens, or what listens says something else", async () => {
  expect(await run(probeCommand({ kind: "http", port: await closedPort(), path: "/" }))).not.toBe(0);
  const port = await listen(
    net.createServer((socket) =>
      socket
        .on("error", () => undefined)
        .resume()
        .end("SSH-2.0-OpenSSH\r\n"),
    ),
  );
  expect(await run(probeCommand({ kind: "http", port, path: "/" }))).not.toBe(0);
});

test("an answer in pieces, from a server that keeps the connection, is taken at its first line", async () => {
  const port = await listen(
    net.createServer((socket) => {
      socket.on("error", () => undefined).resume();
      socket.write("HTTP/1.1");
      setTimeout(() => socket.write(" 200 OK\r\n"), 50);
    }),
  );
  expect(await run(probeCommand({ kind: "http", port, path: "/" }))).toBe(0);
});

test("Docker's health check has its times in the form in which Docker gives them back", () => {
  expect(dockerHealthcheck({ kind: "tcp", port: 1 })).toEqual({
    tests: probeCommand({ kind: "tcp", port: 1 }),
    ...{ interval: "5s", timeout: "5s", startPeriod: "1m0s", startInterval: "0s", retries: 3 },
  });
  expect(dockerHealthcheck({ kind: "tcp", port: 1 }, "1 second")).toMatchObject({
    interval: "1s",
    retries: 15,
  });
  expect(dockerHealthcheck({ kind: "tcp", port: 1 }, "1 minute")).toMatchObject({
    interval: "1m0s",
    retries: 3,
  });
});
