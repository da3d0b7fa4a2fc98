import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

/** A mistake of the user's: shown as it stands, without a stack trace. */
export class UserError extends Error {}

/** The project's name and a stack's configuration, as Pulumi's own engine would hand them to the program. */
export interface StackConfig {
  project: string;
  /** By full key, `project:key`; objects as JSON text. */
  config: Record<string, string>;
}

interface ProjectFile {
  name: string;
  config?: Record<string, { default?: unknown }>;
}

/**
 * Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml`.
 *
 * @param overrides values by path, such as `{ "inject.source": "simulate" }`, laid over the stack's.
 * @throws UserError where the stack has no file, or holds secrets, which only Pulumi's engine can decrypt.
 */
export function stackConfig(
  projectRoot: string,
  stack: string,
  overrides: Record<string, unknown> = {},
): StackConfig {
  const { name: project, config: declared = {} } = parse(
    fs.readFileSync(path.join(projectRoot, "Pulumi.yaml"), "utf8"),
  ) as ProjectFile;
  const file = path.join(projectRoot, `Pulumi.${stack}.yaml`);
  if (!fs.existsSync(file)) {
    throw new UserError(
      `There is no stack "${stack}": ${path.basename(file)} doesn't exist. The stacks are ${stackNames(projectRoot).join(", ")}.`,
    );
  }
  const given =
    (parse(fs.readFileSync(file, "utf8")) as { config?: Record<string, unknown> } | null)?.config ?? {};

  const full = (key: string) => (key.includes(":") ? key : `${project}:${key}`);
  const values: Record<string, unknown> = {};
  for (const [key, { default: value }] of Object.entries(declared))
    if (value !== undefined) values[full(key)] = value;
  for (const [key, value] of Object.entries(given)) {
    if (JSON.stringify(value).includes('"secure":')) {
      throw new UserError(
        `${path.basename(file)}: ${key} is encrypted, and only Pulumi's engine can read it. Use --target docker for this stack.`,
      );
    }
    values[full(key)] = value;
  }
  const config = Object.fromEntries(
    Object.entries(withOverrides(project, values, overrides)).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return { project, config };
}

/**
 * A stack's configuration with values laid over it by path.
 *
 * @param overrides such as `{ "kafka.heapMiB": 768 }`, which is `heapMiB` of `<project>:kafka`.
 */
export function withOverrides(
  project: string,
  config: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const laidOver = { ...config };
  for (const [at, value] of Object.entries(overrides))
    setPath(laidOver, `${project}:${at}`.split("."), value);
  return laidOver;
}

/** The stacks that have a file in the project. */
export function stackNames(projectRoot: string): string[] {
  return fs
    .readdirSync(projectRoot)
    .flatMap((file) => /^Pulumi\.([\w-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

function setPath(target: Record<string, unknown>, [key = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner = { ...((target[key] ?? {}) as Record<string, unknown>) };
  setPath(inner, rest, value);
  target[key] = inner;
}
