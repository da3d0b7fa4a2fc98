import * as pulumi from "@pulumi/pulumi";
import { type DataHolder, dataLosses, howToAllow } from "./data-loss";

interface GuardProps {
  holders: DataHolder[];
  allowDataLoss: string[];
}

/** Why a change from what kept data before to what keeps it after must not be; undefined where nothing is lost unallowed. */
export function guardRefusal(
  before: readonly DataHolder[],
  after: readonly DataHolder[],
  allowDataLoss: readonly string[],
): string | undefined {
  const losses = before
    .flatMap((holder) => {
      const same = ({ kind, resource }: DataHolder) => kind === holder.kind && resource === holder.resource;
      return dataLosses(holder, after.find(same), false);
    })
    .filter(({ resource }) => !allowDataLoss.includes(resource));
  if (losses.length === 0) return undefined;
  const lines = losses.map(({ resource, reason }) => `  ${resource}: ${reason}`);
  return `Data would be lost, so nothing is changed:\n${lines.join("\n")}\n${howToAllow(losses)}`;
}

const provider: pulumi.dynamic.ResourceProvider<GuardProps, GuardProps> = {
  // The one place where Pulumi's engine shows a program's own code the state before, at preview and at `up` alike.
  check: (olds: Partial<GuardProps>, news) => {
    const isJudgedByCaller = process.env["WEATHER_SHRINK_GUARD"] === "caller";
    const reason = isJudgedByCaller
      ? undefined
      : guardRefusal(olds.holders ?? [], news.holders, news.allowDataLoss);
    // No property: the engine would print its whole value before the reason.
    return Promise.resolve({
      inputs: news,
      failures: reason === undefined ? [] : [{ property: "", reason }],
    });
  },
  create: (props) => Promise.resolve({ id: "guard", outs: props }),
  diff: (_id, olds, news) =>
    Promise.resolve({
      changes:
        JSON.stringify([olds.holders, olds.allowDataLoss]) !==
        JSON.stringify([news.holders, news.allowDataLoss]),
    }),
  update: (_id, _olds, news) => Promise.resolve({ outs: news }),
};

/** Arguments of a {@link ShrinkGuard}. */
export interface ShrinkGuardArgs {
  /** All that keeps data in the stack. */
  holders: DataHolder[];
  /** Pulumi's names of the resources whose data may be lost in this change. Default: none. */
  allowDataLoss?: string[];
}

/**
 * Remembers what kept data at the last `up`, and refuses a `pulumi preview` or `pulumi up` by which any of it would be lost:
 * fewer partitions, fewer replicas, a voter, topic, bucket or volume gone.
 *
 * Topics must depend on it, so that `up --skip-preview` stops before one is touched; deletions come after the program's end, and
 * so never when it refuses. It knows the program's declarations only: `npm run preview` judges the engine's whole plan, and for that
 * sets `WEATHER_SHRINK_GUARD=caller`, with which this guard lets every plan pass to its caller.
 */
export class ShrinkGuard extends pulumi.dynamic.Resource {
  constructor(name: string, args: ShrinkGuardArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { holders: args.holders, allowDataLoss: args.allowDataLoss ?? [] },
      opts,
      "weather",
      "ShrinkGuard",
    );
  }
}
