import { UserError } from "../../embedded/stack-config";

/** Where the report is written to if nothing else is said. */
const usualPage = "docs/benchmarks.md";

/** What is to be measured, and where the report goes. */
export interface Choice {
  readonly names: readonly string[];
  readonly rounds: number;
  /** Undefined where it's printed. */
  readonly out: string | undefined;
}

/** Reads the options of `npm run bench`. @throws UserError naming what can't be chosen. */
export function choiceOf(
  {
    only,
    rounds,
    quick,
    write,
    out,
  }: { only?: string; rounds?: string; quick: boolean; write: boolean; out?: string },
  known: readonly string[],
): Choice {
  const names = only === undefined ? known : [...new Set(only.split(",").map((name) => name.trim()))];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UserError(
      `--only: there is no part ${unknown.map((name) => JSON.stringify(name)).join(", ")}; the parts are ${known.join(", ")}`,
    );
  const count = Number(rounds ?? (quick ? 1 : 3));
  if (!Number.isInteger(count) || count < 1 || count > 100)
    throw new UserError(`--rounds must be a whole number from 1 to 100, not ${JSON.stringify(rounds)}`);
  if (write && quick)
    throw new UserError(
      "--write is for a real run: --quick shows no speed. Give --out for a page of its own.",
    );
  return { names, rounds: count, out: out ?? (write ? usualPage : undefined) };
}
