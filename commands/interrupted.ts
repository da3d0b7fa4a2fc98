import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { weatherFolder } from "../embedded/folder";
import { startTicks } from "../embedded/processes";
import { UserError } from "../embedded/stack-config";
import { projectRoot } from "./arguments";
import { kafkaOf, missingTopics, removeOrphanTopics } from "./orphan-topics";
import { pulumiEnvironment, pulumiOutput } from "./pulumi-cli";

/** What the Pulumi CLI writes into a lock of a file backend. */
interface Lock {
  pid: number;
  hostname: string;
}

interface Resource {
  urn: string;
  type: string;
  inputs?: {
    name?: string;
    bootstrapServers?: Stated;
    caCert?: Stated;
    clientCert?: Stated;
    clientKey?: Stated;
  };
  outputs?: { name?: string };
}

/** A text as an exported state has it: a secret stands there as JSON, exported with `--show-secrets`. */
export type Stated = string | { plaintext: string };

/** `pulumi stack export`, as far as it's read here. */
export interface ExportedState {
  deployment: {
    resources?: Resource[];
    /** What was under way when the engine last wrote the state. */
    pending_operations?: { resource: Resource; type: string }[];
  };
}

/** What `docker rm` and `docker network rm` are called with. */
const removable: Record<string, "container" | "network"> = {
  "docker:index/container:Container": "container",
  "docker:index/network:Network": "network",
};

/**
 * What a killed update may have made without noting it, and the next one would stumble over: its name is taken.
 *
 * Of what has data there is none: a volume is taken over by its name, and so are InfluxDB's resources.
 */
export function orphansOf({ deployment }: ExportedState): { kind: "container" | "network"; name: string }[] {
  const known = new Set(
    (deployment.resources ?? []).map(({ type, outputs }) => `${type} ${outputs?.name ?? ""}`),
  );
  return (deployment.pending_operations ?? []).flatMap(({ type: operation, resource }) => {
    const kind = removable[resource.type];
    const name = resource.inputs?.name;
    if (operation !== "creating" || kind === undefined || name === undefined) return [];
    return known.has(`${resource.type} ${name}`) ? [] : [{ kind, name }];
  });
}

/**
 * Clears what an update that was killed left behind: its lock on the stack, what it had just made, and its notes of what was under way.
 *
 * The lock only in a file backend, and only where its process was one of this machine and is gone; Pulumi's own service ends one itself.
 *
 * @returns whether an update was interrupted, so that the state may not be what is there.
 * @throws UserError where an update is under way, or a topic that isn't in the state holds messages.
 */
export async function endInterruptedUpdate(stack: string): Promise<boolean> {
  const hadLock = giveUpDeadLock(stack);
  const exported = (...flags: string[]) =>
    JSON.parse(pulumiOutput(["stack", "export", "--stack", stack, ...flags])) as ExportedState;
  const state = exported();
  const topics = missingTopics(state);
  if (topics.length > 0) await removeOrphanTopics(stack, topics, kafkaOf(exported("--show-secrets")));
  if ((state.deployment.pending_operations ?? []).length === 0) return hadLock;
  for (const { kind, name } of orphansOf(state)) {
    const removed = spawnSync(
      "docker",
      kind === "container" ? ["rm", "--force", name] : ["network", "rm", name],
      {
        stdio: "ignore",
      },
    );
    if (removed.status === 0)
      process.stdout.write(
        `Removed the ${kind} ${name}, which an interrupted update had made without noting it.\n`,
      );
  }
  // Pulumi's documented way: https://www.pulumi.com/docs/support/troubleshooting/common-issues/interrupted-updates/
  delete state.deployment.pending_operations;
  const file = path.join(weatherFolder(projectRoot), `${stack}.state.json`);
  fs.writeFileSync(file, JSON.stringify(state), { mode: 0o600 });
  pulumiOutput(["stack", "import", "--stack", stack, "--file", file]);
  fs.rmSync(file);
  return true;
}

function giveUpDeadLock(stack: string): boolean {
  const backend = pulumiEnvironment()["PULUMI_BACKEND_URL"] ?? "";
  if (!backend.startsWith("file://")) return false;
  const locks = path.join(fileURLToPath(backend), ".pulumi", "locks");
  const own = fs.existsSync(locks)
    ? fs
        .readdirSync(locks, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".json") && path.basename(path.dirname(file)) === stack)
    : [];
  for (const file of own) {
    const { pid, hostname } = JSON.parse(fs.readFileSync(path.join(locks, file), "utf8")) as Lock;
    if (hostname !== os.hostname() || startTicks(pid) !== undefined)
      throw new UserError(
        `The stack ${stack} is being changed by process ${pid} on ${hostname}: wait for it to end.`,
      );
  }
  if (own.length === 0) return false;
  process.stdout.write("An earlier update was killed: giving up its lock.\n");
  pulumiOutput(["cancel", "--yes", "--stack", stack]);
  return true;
}
