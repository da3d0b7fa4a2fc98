import { readFileSync } from "node:fs";
import { type Server } from "node:http";
import { type z } from "zod";
import { type HttpServer } from "./config";
import { Health } from "./health";
import { type Route, serve, statusRoutes } from "./http";
import { createLog, type Log, reasonOf } from "./log";
import { Metrics } from "./metrics";

/** What a program is given. */
export interface Surroundings {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  /** Aborted by SIGTERM or SIGINT: finish what is begun, flush, return. */
  readonly stop: AbortSignal;
  /** Serves a further route, such as `"GET /state"`. */
  readonly route: (methodAndPath: string, route: Route) => void;
}

/** Longer than this a program may not take to finish after SIGTERM; Docker kills after 10 s. */
const drainMs = 8_000;

/** Something the operator set up wrongly: told in plain words, exit code 2. */
export class ConfigError extends Error {}

/** Path and reason of all that a schema has to say against a value; empty where it fits. */
export function configFaults(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => {
    const where = path.reduce<string>(
      (text, key) =>
        typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
      "",
    );
    return `${where === "" ? "config" : where}: ${message}`;
  });
}

/**
 * The config in a JSON file, checked and completed with its defaults.
 *
 * @throws ConfigError with a line for each fault.
 */
export function readConfig<S extends z.ZodType>(path: string | undefined, schema: S): z.output<S> {
  if (path === undefined)
    throw new ConfigError("the path of the config file is missing: node app.js <config.json>");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`${path}: ${reasonOf(error)}`);
  }
  const result = schema.safeParse(value, {
    error: ({ code, input }) => (code === "invalid_type" && input === undefined ? "is missing" : undefined),
  });
  if (!result.success)
    throw new ConfigError(
      configFaults(result.error)
        .map((fault) => `${path}: ${fault}`)
        .join("\n"),
    );
  return result.data;
}

/**
 * The text of a file that holds a secret, without white space at its ends.
 *
 * @throws ConfigError naming the property and the file, never the content.
 */
export function readSecret(property: string, path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new ConfigError(`${property}: can't be read: ${reasonOf(error)}`);
  }
  if (text === "") throw new ConfigError(`${property}: ${path} is empty`);
  return text;
}

/**
 * Runs a program from its config (path in argv[2]) to its end: exit code 0 after SIGTERM or SIGINT and a finished drain,
 * 1 on an unexpected error or an unfinished drain, 2 where the config doesn't fit.
 */
export async function runProgram<S extends z.ZodType<{ http: HttpServer }>>(
  name: string,
  schema: S,
  run: (config: z.output<S>, surroundings: Surroundings) => Promise<void>,
): Promise<void> {
  const log = createLog(name);
  const stop = new AbortController();
  let server: Server | undefined;

  const exit = (code: number): void => {
    server?.close();
    process.stdout.write("", () => process.exit(code));
  };
  const fail = (error: unknown): void => {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      exit(2);
    } else {
      log("error", "stopped by an unexpected error", { reason: reasonOf(error) });
      exit(1);
    }
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) return;
      log("info", "stopping", { signal: name });
      stop.abort();
      setTimeout(() => {
        log("error", "could not finish in time", { drainMs, reason: health.fault() });
        exit(1);
      }, drainMs).unref();
    });
  }

  const metrics = new Metrics();
  const health = new Health(30_000);
  try {
    const config = readConfig(process.argv[2], schema);
    const routes = new Map<string, Route>(statusRoutes(health, metrics));
    server = await serve(config.http, routes, (error) => {
      log("error", "a request failed", { reason: reasonOf(error) });
    });
    await run(config, {
      log,
      metrics,
      health,
      stop: stop.signal,
      route: (key, route) => routes.set(key, route),
    });
    log("info", "stopped");
    exit(0);
  } catch (error) {
    fail(error);
  }
}
