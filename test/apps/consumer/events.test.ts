import { once } from "node:events";
import * as http from "node:http";
import * as net from "node:net";
import { EventStream, type EventStreamOptions, type EventSubject } from "../../../apps/consumer/events";
import { type Route, serve } from "../../../apps/shared/http";
import { until } from "../../embedded/scratch";

/** Counts upwards; tells every number since. */
class Counting implements EventSubject {
  count = 1;
  padding = "";
  get id() {
    return `c-${this.count}`;
  }
  look() {
    // It is counted by the test.
  }
  since(id: string | undefined) {
    const known = Number(/^c-(\d+)$/.exec(id ?? "")?.[1] ?? Number.NaN);
    return Number.isNaN(known)
      ? { kind: "snapshot", event: { count: this.count, padding: this.padding } }
      : { kind: "delta", event: { from: known, to: this.count, padding: this.padding } };
  }
}

let subject: Counting;
let stream: EventStream;
let server: http.Server;
let port: number;
const clients: http.ClientRequest[] = [];

async function start(options: Partial<EventStreamOptions> = {}) {
  subject = new Counting();
  stream = new EventStream(subject, {
    intervalMs: 10,
    heartbeatMs: 60_000,
    stalledAfterMs: 60_000,
    maxClients: 3,
    ...options,
  });
  const routes = new Map<string, Route>([["GET /events", (request) => stream.accept(request)]]);
  server = await serve({ host: "127.0.0.1", port: 0 }, routes, (error) => {
    throw error;
  });
  port = (server.address() as net.AddressInfo).port;
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  stream.close();
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** Listens; `events` grows as they come. */
async function listen(headers: http.OutgoingHttpHeaders = {}, path = "/events") {
  const request = http.get({ host: "127.0.0.1", port, path, headers });
  clients.push(request);
  request.on("error", () => undefined);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const heard = { status: response.statusCode, headers: response.headers, text: "", isOver: false };
  response.on("data", (chunk: Buffer) => (heard.text += chunk.toString()));
  response.on("close", () => (heard.isOver = true));
  response.on("error", () => undefined);
  const events = () =>
    [...heard.text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(([, id, kind, data]) => ({
      id,
      kind,
      ...(JSON.parse(data ?? "") as object),
    }));
  return { heard, events, request };
}

test("whoever comes is told all, then what is new, each event with the id it leads to", async () => {
  await start();
  const { heard, events } = await listen();
  expect(heard.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
  });
  await until("the snapshot is there", () => events().length === 1);
  expect(heard.text).toMatch(/^retry: 1000\n\n/);
  subject.count = 5;
  await until("the delta is there", () => events().length === 2);
  expect(events()).toEqual([
    { id: "c-1", kind: "snapshot", count: 1, padding: "" },
    { id: "c-5", kind: "delta", from: 1, to: 5, padding: "" },
  ]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(events()).toHaveLength(2);
});

test.each([
  ["header", { "last-event-id": "c-3" }, "/events?since=c-1"],
  ["query", {}, "/events?since=c-3"],
])("whoever comes back with the last id, in the %s, is told what is new since", async (_, headers, path) => {
  await start();
  subject.count = 7;
  const { events } = await listen(headers, path);
  await until("it is there", () => events().length === 1);
  expect(events()).toEqual([{ id: "c-7", kind: "delta", from: 3, to: 7, padding: "" }]);
});

test("silence is broken by a heartbeat", async () => {
  await start({ heartbeatMs: 30 });
  const { events } = await listen();
  await until("it beat twice", () => events().length >= 3);
  expect(events().slice(1, 3)).toEqual([
    { id: "c-1", kind: "delta", from: 1, to: 1, padding: "" },
    { id: "c-1", kind: "delta", from: 1, to: 1, padding: "" },
  ]);
});

test("more than may listen are refused, until one goes", async () => {
  await start({ maxClients: 2 });
  const first = await listen();
  await listen();
  const third = await listen();
  expect(third.heard).toMatchObject({ status: 503, headers: { "retry-after": "10" } });
  first.request.destroy();
  await until("its place is free", () => stream.clients === 1);
  expect((await listen()).heard.status).toBe(200);
});

/** Asks for events and reads none of the answer. */
async function asksAndSleeps(): Promise<net.Socket> {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.pause();
  socket.write("GET /events HTTP/1.1\r\nhost: x\r\n\r\n");
  await until("it is listened to", () => stream.clients === 1);
  return socket;
}
/** More than the buffers of two sockets on one machine hold. */
const large = "x".repeat(16 * 1024 * 1024);

test("a slow reader costs one event at most; once awake it is told what it missed in one", async () => {
  await start();
  subject.padding = large;
  const socket = await asksAndSleeps();
  let asked = 0;
  const since = subject.since.bind(subject);
  subject.since = (id) => {
    asked++;
    return since(id);
  };
  subject.padding = "";
  for (const count of [2, 3, 4, 5]) {
    subject.count = count;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(asked).toBe(0);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text = (text + chunk.toString()).slice(-1_000)));
  socket.resume();
  await until("it has caught up", () => text.includes('"to":5'));
  expect(asked).toBe(1);
  expect(text).toContain('id: c-5\nevent: delta\ndata: {"from":1,"to":5');
  socket.destroy();
});

test("a reader that never wakes is dropped, and the others go on", async () => {
  await start({ stalledAfterMs: 300 });
  subject.padding = large;
  const socket = await asksAndSleeps();
  subject.padding = "";
  const awake = await listen();
  await until("it is gone", () => stream.clients === 1);
  subject.count = 9;
  await until("the other hears", () => sawNine(awake.events()));
  socket.destroy();
});
const sawNine = (events: readonly object[]) => JSON.stringify(events.at(-1)).includes('"to":9');

test("in the end all streams end in order", async () => {
  await start();
  const { heard } = await listen();
  stream.close();
  await until("it is over", () => heard.isOver);
});
