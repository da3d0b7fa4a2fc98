import * as net from "node:net";
import { PortForward } from "../../../embedded/containers/forward";
import { freePort } from "../scratch";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A server of the "container", and a forward to it; returns the forward and its port. */
async function forwardTo(
  serve: (socket: net.Socket) => void,
): Promise<{ forward: PortForward; port: number }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const port = await freePort();
  const to = { host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
  const forward = await PortForward.open({ host: "127.0.0.1", port }, to);
  cleanups.push(() => forward.close());
  return { forward, port };
}

async function connected(port: number, allowHalfOpen = false): Promise<net.Socket> {
  const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen });
  await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));
  cleanups.push(() => Promise.resolve(client.destroy()));
  return client;
}

const closed = (socket: net.Socket) =>
  new Promise<void>((resolve) =>
    socket.once("close", () => {
      resolve();
    }),
  );

test("bytes go both ways, for several clients at once", async () => {
  const { port } = await forwardTo((socket) => socket.pipe(socket));
  const clients = await Promise.all(["one", "two"].map(() => connected(port)));
  for (const [index, client] of clients.entries()) {
    client.write(`hello ${index}`);
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      client.once("data", (chunk: Buffer) => {
        resolve([chunk]);
      }),
    );
    expect(answer?.toString()).toBe(`hello ${index}`);
  }
});

test("a client that has said all still gets its answer", async () => {
  const { port } = await forwardTo((socket) => {
    let length = 0;
    socket
      .on("data", (chunk: Buffer) => (length += chunk.length))
      .on("end", () => setTimeout(() => socket.end(`${length} bytes`), 50));
  });
  const client = await connected(port, true);
  client.end("x".repeat(1_000));
  let text = "";
  client.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await closed(client);
  expect(text).toBe("1000 bytes");
});

test("a server that says much and closes is heard to the end by a slow client", async () => {
  const bytes = 8 * 1024 * 1024;
  const { port } = await forwardTo((socket) => socket.end(Buffer.alloc(bytes, 1)));
  const client = await connected(port);
  client.pause();
  await new Promise((resolve) => setTimeout(resolve, 300));
  let length = 0;
  client.on("data", (chunk: Buffer) => (length += chunk.length)).resume();
  await closed(client);
  expect(length).toBe(bytes);
});

test("where nobody listens behind it, a client is hung up on, and the next is served again", async () => {
  const inner = await freePort();
  const port = await freePort();
  const forward = await PortForward.open({ host: "127.0.0.1", port }, { host: "127.0.0.1", port: inner });
  cleanups.push(() => forward.close());
  const early = await connected(port);
  early.on("error", () => undefined);
  await closed(early);

  const server = net.createServer((socket) => socket.end("here"));
  await new Promise<void>((resolve) => server.listen(inner, "127.0.0.1", resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  const late = await connected(port);
  const [answer] = await new Promise<Buffer[]>((resolve) =>
    late.once("data", (chunk: Buffer) => {
      resolve([chunk]);
    }),
  );
  expect(answer?.toString()).toBe("here");
});

test("a client that goes away is gone for the server too", async () => {
  let served: Promise<void> | undefined;
  const { port } = await forwardTo((socket) => {
    served = closed(socket);
    socket.on("end", () => socket.end()).resume();
    socket.write("hello");
  });
  const client = await connected(port);
  await new Promise((resolve) => client.once("data", resolve));
  client.destroy();
  await served;
});

test("closing it ends its connections and frees the port", async () => {
  const { forward, port } = await forwardTo((socket) => socket.resume());
  const client = await connected(port);
  client.on("error", () => undefined);
  const gone = closed(client);
  await forward.close();
  await gone;
  const again = await PortForward.open({ host: "127.0.0.1", port }, { host: "127.0.0.1", port: 1 });
  await again.close();
});

test("a port that's taken is named, and what to do", async () => {
  const { port } = await forwardTo((socket) => socket.end());
  await expect(PortForward.open({ host: "127.0.0.1", port }, { host: "127.0.0.1", port: 1 })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken by another program: end it, or choose another port in the stack's configuration`,
  );
});
