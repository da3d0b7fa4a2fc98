import * as path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../embedded/stack-config";

/** The project's folder. */
export const projectRoot = path.resolve(__dirname, "..");

/** The options of a command, in the form of Node's `parseArgs`. */
type Options = NonNullable<ParseArgsConfig["options"]>;

/**
 * Reads a command line; `--help` prints the usage and ends the process.
 *
 * @throws UserError with the usage, where it can't be read.
 */
export function readArguments<Given extends Options>(usage: string, options: Given) {
  try {
    const read = parseArgs({
      args: process.argv.slice(2).filter((word) => word !== "--help"),
      options,
      allowPositionals: true,
      strict: true,
    });
    if (process.argv.includes("--help")) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    return read;
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`);
  }
}

/**
 * Runs a command and ends the process with its code: mistakes of the user's end it with a message and code 1, without a stack trace.
 *
 * The process is ended outright, because a client library may still hold a connection that nobody needs.
 */
export function runCommand(command: () => Promise<number>): void {
  command().then(
    (code) => {
      end(code);
    },
    (error: unknown) => {
      process.stderr.write(`${describeError(error)}\n`);
      end(1);
    },
  );
}

/** Ends once what was written has reached whoever reads it. */
function end(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

/** An error as a person should see it: the user's own mistakes without a stack trace, ours with one. */
export function describeError(error: unknown): string {
  if (
    error instanceof UserError ||
    pulumi.InputPropertiesError.isInstance(error) ||
    pulumi.RunError.isInstance(error)
  )
    return error.message;
  if (error instanceof Error)
    return error.name.endsWith("Error") && error.name !== "TypeError" && error.name !== "ReferenceError"
      ? error.message
      : (error.stack ?? error.message);
  return String(error);
}
