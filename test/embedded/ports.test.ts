import * as net from "node:net";
import { type ContainerSpec } from "../../embedded/containers/spec";
import { assertPortsFree } from "../../embedded/ports";
import { UserError } from "../../embedded/stack-config";
import { freePort } from "./scratch";

const publishing = (name: string, ...hosts: number[]): ContainerSpec => ({
  ...{ name, hostnames: [name], image: "i:1", command: [], environment: {}, files: [], volumes: [] },
  ports: hosts.map((host) => ({ container: 1, host, address: "127.0.0.1" })),
  ...{ probe: undefined, restart: "no", stopSeconds: 1 },
});

test("free ports pass, and are free afterwards", async () => {
  const port = await freePort();
  await assertPortsFree([publishing("a", port), publishing("b")]);
  await assertPortsFree([publishing("a", port)]);
});

test("all taken ports are named at once, with whom they're for", async () => {
  const others = await Promise.all(
    [1, 2].map(async () => {
      const server = net.createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const [first = 0, second = 0] = others.map((server) => (server.address() as net.AddressInfo).port);
  const check = assertPortsFree([publishing("a", await freePort(), first), publishing("b", second)]);
  await expect(check).rejects.toThrow(UserError);
  await expect(check).rejects.toThrow(
    `Another program has ports that this stack publishes:\n  127.0.0.1:${first} for a\n  127.0.0.1:${second} for b\nEnd it, or choose other ports`,
  );
  await Promise.all(others.map((server) => new Promise((resolve) => server.close(resolve))));
});
