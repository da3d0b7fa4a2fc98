import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { bundle } from "../../components/apps/bundle";
import { livePage } from "../../components/apps/live-page";
import { appEntry } from "../../components/apps/typescript-app";

/** The consumer's bundle as a process of its own. */
export interface RunningConsumer {
  readonly url: string;
  /** Ends it as Docker does, by SIGTERM. */
  stop(): Promise<void>;
}

/** Token of the webhook. */
export const webhookToken = "only-for-tests";

/** Bundles the consumer as its image is, and starts it; its config and log stand in `folder`. */
export function startConsumer(folder: string, broker: string, port: number): RunningConsumer {
  const { contextFolder } = bundle(appEntry("consumer"), "node", { LIVE_PAGE: livePage() });
  const tokenFile = path.join(folder, "token");
  const configFile = path.join(folder, "config.json");
  fs.writeFileSync(tokenFile, webhookToken);
  fs.writeFileSync(
    configFile,
    JSON.stringify({
      kafka: { brokers: [broker] },
      alerts: { tokenFile },
      http: { host: "127.0.0.1", port },
    }),
  );
  const log = fs.openSync(path.join(folder, "log"), "a");
  const child = spawn(process.execPath, [path.join(contextFolder, "app.js"), configFile], {
    stdio: ["ignore", log, log],
  });
  fs.closeSync(log);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    },
  };
}
