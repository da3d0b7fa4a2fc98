/** Something that keeps data which no deployment brings back. `resource` is Pulumi's name of it. */
export type DataHolder =
  | { kind: "topic"; resource: string; partitions: number; replicationFactor: number }
  | { kind: "volume"; resource: string }
  | { kind: "bucket"; resource: string }
  /** A node whose vote counts in Kafka's controller quorum; `voters` is how many there are with it. */
  | { kind: "voter"; resource: string; nodeId: number; voters: number };

/** A loss that a change would bring about: what it's of, and why. */
export interface DataLoss {
  /** Pulumi's name of the resource: what `allowDataLoss` must hold for the change to pass. */
  resource: string;
  reason: string;
}

/** Fewest replicas to which a topic may be lowered: with two, the loss of one broker leaves a single copy. */
export const minimumReplicationFactor = 3;

/**
 * What of a holder's data a change would destroy, in words; empty where nothing.
 *
 * @param after the same holder after the change; undefined where it's gone.
 * @param isReplaced whether the change makes it anew instead of in place.
 */
export function dataLosses(
  before: DataHolder,
  after: DataHolder | undefined,
  isReplaced: boolean,
): DataLoss[] {
  const { resource } = before;
  const loss = (reason: string): DataLoss[] => [{ resource, reason }];
  if (before.kind === "voter") {
    if (after?.kind === "voter" && after.nodeId === before.nodeId) return [];
    return loss(
      `node ${before.nodeId} holds one of the ${before.voters} votes of the controller quorum and would be removed from it: static voters can't leave a running quorum, and the replicas on the node would be gone`,
    );
  }
  const contents = { topic: "all its messages", volume: "all that is on it", bucket: "all its points" }[
    before.kind
  ];
  if (after?.kind !== before.kind) return loss(`the ${before.kind} would be deleted, with ${contents}`);
  if (before.kind === "topic" && after.kind === "topic") {
    if (!(after.partitions >= before.partitions)) {
      return loss(
        `partitions would go from ${before.partitions} to ${known(after.partitions)}: Kafka can't take partitions away, so the topic would be deleted and made anew, with all its messages lost`,
      );
    }
    if (
      !(after.replicationFactor >= before.replicationFactor) &&
      !(after.replicationFactor >= minimumReplicationFactor)
    ) {
      return loss(
        `the replication factor would go from ${before.replicationFactor} to ${known(after.replicationFactor)}, below ${minimumReplicationFactor}: copies would be thrown away, and the next loss of a broker could take the last one`,
      );
    }
  }
  return isReplaced ? loss(`the ${before.kind} would be deleted and made anew, with ${contents} lost`) : [];
}

/** A number that isn't known at preview is NaN here. */
function known(count: number): string {
  return Number.isNaN(count) ? "a number that isn't known yet" : String(count);
}

/** How to let the losses pass, for the end of a message. */
export function howToAllow(losses: readonly DataLoss[]): string {
  const names = [...new Set(losses.map(({ resource }) => resource))];
  return `To accept the loss, name the resources in the stack's configuration for this one change: allowDataLoss: ${JSON.stringify(names)}`;
}
