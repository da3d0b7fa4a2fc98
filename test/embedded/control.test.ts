import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import {
  actOn,
  askToStop,
  type Controlled,
  serveControl,
  supervisorStatus,
  type SupervisorStatus,
} from "../../embedded/control";
import { scratchFolder } from "./scratch";

const status: SupervisorStatus = {
  pid: 1,
  stack: "dev",
  phase: "up",
  services: [],
  leftOut: ["weather-dev-kafdrop"],
};

let folder: string;
let socket: string;
let server: http.Server | undefined;
let done: string[];
const controlled: Controlled = {
  status: () => status,
  stop: () => done.push("stop"),
  act: (container, action) => {
    if (container === "nobody") return Promise.reject(new Error("there is no container nobody"));
    done.push(`${action} ${container}`);
    return Promise.resolve();
  },
};
beforeEach(() => {
  folder = scratchFolder();
  socket = path.join(folder, "control.sock");
  done = [];
});
afterEach(async () => {
  const open = server;
  if (open) await new Promise((resolve) => open.close(resolve));
  server = undefined;
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Status code of a call made by hand. */
function code(method: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    http
      .request({ socketPath: socket, method, path: url }, (response) => {
        response.resume().once("end", () => {
          resolve(response.statusCode);
        });
      })
      .once("error", reject)
      .end();
  });
}

test("a supervisor tells its status, acts on a container and takes the order to stop", async () => {
  server = await serveControl(socket, controlled);
  expect(await supervisorStatus(socket)).toEqual(status);
  await actOn(socket, "kafka1", "kill");
  await actOn(socket, "a/b c%", "restart");
  await askToStop(socket);
  expect(done).toEqual(["kill kafka1", "restart a/b c%", "stop"]);
});

test("only who started the run may open the socket", async () => {
  server = await serveControl(socket, controlled);
  expect(fs.statSync(socket).mode & 0o777).toBe(0o600);
});

test("what can't be done comes back as the error it is", async () => {
  server = await serveControl(socket, controlled);
  await expect(actOn(socket, "nobody", "start")).rejects.toThrow("there is no container nobody");
});

test.each([
  ["POST", "/containers/kafka1/explode", 404],
  ["POST", "/elsewhere/kafka1/kill", 404],
  ["POST", "/containers/%/kill", 200],
  ["POST", "/%", 404],
])("%s %s is answered with %d, and the supervisor lives on", async (method, url, expected) => {
  server = await serveControl(socket, controlled);
  expect(await code(method, url)).toBe(expected);
  expect(await supervisorStatus(socket)).toEqual(status);
});

test("where none runs there is no status: no socket, or one that a crash left behind", async () => {
  expect(await supervisorStatus(socket)).toBeUndefined();
  fs.writeFileSync(socket, "");
  expect(await supervisorStatus(socket)).toBeUndefined();
});

test("a socket left behind is taken over", async () => {
  fs.writeFileSync(socket, "");
  server = await serveControl(socket, controlled);
  expect(await supervisorStatus(socket)).toEqual(status);
});
