import * as net from "node:net";
import { pipeline } from "node:stream";

/** A published port: what arrives at the machine's address goes to the container's, as Docker's own proxy does it. */
export class PortForward {
  private readonly server: net.Server;
  private readonly sockets = new Set<net.Socket>();

  private constructor(to: { host: string; port: number }) {
    // Half open, because a client may say all it has to say and still wait for its answer.
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const upstream = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
      for (const [from, onto] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(from);
        from.on("close", () => this.sockets.delete(from));
        pipeline(from, onto, (error) => {
          if (!error) return;
          from.destroy();
          onto.destroy();
        });
      }
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
