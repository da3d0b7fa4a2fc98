import * as pulumi from "@pulumi/pulumi";
import { type DataHolder, dataLosses, howToAllow } from "./data-loss";

interface GuardProps {
  holders: DataHolder[];
  allowDataLoss: string[];
}

const provider: pulumi.dynamic.ResourceProvider<GuardProps, GuardProps> = {
  // The one place where Pulumi's engine shows a program's own code the state before, at preview and at `up` alike.
  check: (olds: Partial<GuardProps>, news) => {
    if (process.env["WEATHER_SHRINK_GUARD"] === "caller") return Promise.resolve({ inputs: news });
    const losses = (olds.holders ?? [])
      .flatMap((before) =>
        dataLosses(
          before,
          news.holders.find(({ resource, kind }) => resource === before.resource && kind === before.kind),
          false,
        ),
      )
      .filter(({ resource }) => !news.allowDataLoss.includes(resource));
    const [first] = losses;
    return Promise.resolve({
      inputs: news,
      failures: first
        ? [
            {
              // No property: the engine would print its whole value before the reason.
              property: "",
              reason: `Data would be lost, so nothing is changed:\n${losses.map(({ resource, reason }) => `  ${resource}: ${reason}`).join("\n")}\n${howToAllow(losses)}`,
            },
          ]
        : [],
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
