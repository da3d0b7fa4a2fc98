import * as net from "node:net";
import { type ContainerSpec } from "./containers/spec";
import { UserError } from "./stack-config";

/**
 * Opens every published port for a moment.
 *
 * @throws UserError that names all taken ports at once, before anything is started.
 */
export async function assertPortsFree(containers: readonly ContainerSpec[]): Promise<void> {
  const published = containers.flatMap(({ name, ports }) =>
    ports.map(({ address, host }) => ({ name, address, host })),
  );
  const taken = await Promise.all(
    published.map(async (port) => ((await isFree(port.address, port.host)) ? undefined : port)),
  );
  const lines = taken.flatMap((port) => (port ? [`  ${port.address}:${port.host} for ${port.name}`] : []));
  if (lines.length > 0) {
    throw new UserError(
      `Another program has ports that this stack publishes:\n${lines.join("\n")}\nEnd it, or choose other ports in the stack's configuration.`,
    );
  }
}

/** Whether nothing listens at the port of that address. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, host, () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}
