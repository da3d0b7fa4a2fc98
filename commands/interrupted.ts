import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { startTicks } from "../embedded/processes";
import { UserError } from "../embedded/stack-config";
import { pulumiEnvironment, pulumiOutput } from "./pulumi-cli";

/** What the Pulumi CLI writes into a lock of a file backend. */
interface Lock {
  pid: number;
  hostname: string;
}

/**
 * Clears what an update that was killed left behind: its lock on the stack.
 *
 * Only in a file backend, and only a lock whose process was one of this machine and is gone; another's is respected. Pulumi's own
 * service ends such a lock itself.
 *
 * @throws UserError where an update is under way.
 */
export function endInterruptedUpdate(stack: string): void {
  const backend = pulumiEnvironment()["PULUMI_BACKEND_URL"] ?? "";
  if (!backend.startsWith("file://")) return;
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
  if (own.length > 0) {
    process.stdout.write("An earlier update was killed: giving up its lock.\n");
    pulumiOutput(["cancel", "--yes", "--stack", stack]);
  }
}
