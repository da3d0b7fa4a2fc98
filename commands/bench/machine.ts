import { spawnSync } from "node:child_process";
import * as os from "node:os";
import { type Machine } from "./report";

/** This machine. `java` is the path of the Java that runs Kafka; none where no part needs it. */
export function describeMachine(java: string | undefined): Machine {
  const cpus = os.cpus();
  return {
    processor: cpus[0]?.model.trim() ?? "unknown processor",
    cores: cpus.length,
    memoryMiB: Math.round(os.totalmem() / 1024 ** 2),
    system: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    java: (java === undefined ? undefined : javaVersion(java)) ?? "not found",
    loadAtStart: os.loadavg()[0] ?? 0,
  };
}

function javaVersion(java: string): string | undefined {
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  return /version "([^"]+)"/.exec(stderr)?.[1];
}
