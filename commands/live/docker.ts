import { spawn } from "node:child_process";
import { UserError } from "../../embedded/stack-config";

/**
 * Runs the Docker CLI beside whatever else this process does, and resolves with what it printed.
 *
 * It stands in a process group of its own: Ctrl-C is for the command, which may still have to start what it stopped.
 *
 * @throws UserError with what it printed, where it fails.
 */
export async function docker(args: readonly string[]): Promise<string> {
  const child = spawn("docker", args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new UserError(`docker ${args[0] ?? ""} failed: ${err.trim()}`);
  return out;
}
