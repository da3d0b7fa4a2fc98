import * as net from "node:net";

/** A published port: what arrives at the machine's address goes to the container's, as Docker's own proxy does it. */
export class PortForward {
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();

  private constructor(to: { host: string; port: number }) {
    this.server = net.createServer({ noDelay: true }, (client) => {
      const upstream = net.connect({ ...to, noDelay: true });
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
      client.pipe(upstream).pipe(client);
    });
  }

  /** Opens the port. @throws Error that names the port, where something else has it. */
  static async open(
    from: { host: string; port: number },
    to: { host: string; port: number },
  ): Promise<PortForward> {
    const forward = new PortForward(to);
    await new Promise<void>((resolve, reject) => {
      forward.server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          error.code === "EADDRINUSE"
            ? new Error(
                `port ${from.port} on ${from.host} is taken by another program: end it, or choose another port in the stack's configuration`,
              )
            : error,
        );
      });
      forward.server.listen(from.port, from.host, resolve);
    });
    return forward;
  }

  /** Closes the port and all connections through it. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
  }
}
