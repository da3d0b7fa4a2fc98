import * as net from "node:net";
import { isFree } from "../../embedded/ports";

/** Distances, from the first, of the ports that a stack of three brokers publishes. */
const brokerPorts = [0, 10_000, 20_000];

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ports for a stack of its own, as settings by path. @throws Error where none are found. */
export async function freeStackPorts(): Promise<Record<string, number>> {
  const others = await Promise.all(
    ["influxdb.hostPort", "consumer.hostPort"].map(async (path) => [path, await freePort()] as const),
  );
  for (let tries = 0; tries < 100; tries++) {
    const first = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await Promise.all(brokerPorts.map((distance) => isFree("127.0.0.1", first + distance)));
    if (free.every(Boolean)) return { "kafka.firstHostPort": first, ...Object.fromEntries(others) };
  }
  throw new Error("no free ports for three brokers");
}
