import { randomNumbers } from "../../apps/inject/simulate";
import { UserError } from "../../embedded/stack-config";

/** The next thing to break. */
export interface PlannedFault {
  /** Hostname of the service: `kafka2`, `producer`. */
  victim: string;
  /** Pause before it, in ms. */
  afterMs: number;
}

/** Shortest and longest pause before a fault, in ms. */
const pauseMs = { least: 1_000, most: 4_000 };

const isBroker = (name: string) => /^kafka\d+$/.test(name);

/** What is broken where nothing is asked for; the bridges promise less than these (see README). */
const usual: readonly string[] = ["kafka", "producer", "consumer", "inject", "influxdb"];

/**
 * The kinds of fault asked for, each the hostname of a service, or `kafka` for a broker drawn by lot.
 *
 * @param asked comma-separated; undefined stands for what the pipeline's own programs and servers are, as far as the stack has them.
 * @throws UserError for a kind that the stack doesn't have.
 */
export function faultKinds(asked: string | undefined, hostnames: readonly string[]): string[] {
  const possible = [
    ...(hostnames.some(isBroker) ? ["kafka"] : []),
    ...hostnames.filter((name) => !isBroker(name)),
    ...hostnames.filter(isBroker),
  ];
  if (asked === undefined) return usual.filter((kind) => possible.includes(kind));
  const kinds = asked.split(",").map((kind) => kind.trim());
  const unknown = kinds.filter((kind) => !possible.includes(kind));
  if (unknown.length > 0)
    throw new UserError(
      `--faults: the stack has no ${unknown.map((kind) => JSON.stringify(kind)).join(", ")}; choose from ${possible.join(", ")}`,
    );
  return kinds;
}

/** Faults of the kinds in turn, at moments and on brokers that the seed decides: the same seed gives the same faults. */
export class FaultPlan {
  private readonly random: () => number;
  private turn = 0;

  constructor(
    private readonly kinds: readonly string[],
    private readonly hostnames: readonly string[],
    seed: number,
  ) {
    this.random = randomNumbers(seed);
  }

  next(): PlannedFault {
    const kind = this.kinds[this.turn++ % this.kinds.length] ?? "";
    const afterMs = Math.round(pauseMs.least + this.random() * (pauseMs.most - pauseMs.least));
    const brokers = this.hostnames.filter(isBroker);
    const victim = kind === "kafka" ? (brokers[Math.floor(this.random() * brokers.length)] ?? kind) : kind;
    return { victim, afterMs };
  }
}
