import * as path from "node:path";
import { describeError } from "../commands/arguments";
import { supervise, type SupervisorEvent } from "./supervisor";

/** What whoever starts this process sends it first. */
export interface SuperviseOrder {
  stack: string;
  overrides: Record<string, unknown>;
}

/*
 * The process that holds an embedded run: started by `npm run up`, which it tells all through the channel between them. It ends
 * everything on SIGINT and SIGTERM, and when the channel closes, unless it was told "detach" before.
 */
const tell = (event: SupervisorEvent): void => {
  if (process.connected) process.send?.(event);
};

// After a resource failed, the SDK rejects promises that nobody waits for; the services that run are to be ended in order all the same.
process.on("unhandledRejection", (error) => {
  console.error(error);
});

let detached = false;
let stop: (() => Promise<void>) | undefined;
let stopAsked = false;

function askStop(): void {
  stopAsked = true;
  void stop?.();
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, askStop);
process.on("disconnect", () => {
  if (!detached) askStop();
});
process.on("message", (message: SuperviseOrder | "detach") => {
  if (message === "detach") {
    detached = true;
    process.disconnect();
    return;
  }
  const projectRoot = path.resolve(__dirname, "..");
  supervise({ projectRoot, stack: message.stack, overrides: message.overrides }, tell, () => stopAsked).then(
    async (handle) => {
      stop = () => handle.stop();
      if (stopAsked) await handle.stop();
      await handle.ended;
      process.exit(0);
    },
    (error: unknown) => {
      tell({ kind: "failed", message: describeError(error) });
      process.exit(1);
    },
  );
});
