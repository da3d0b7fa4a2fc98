import { array, int32, int64, noTags, type NodeCall, text } from "../../apps/shared/kafka-node";
import { UserError } from "../../embedded/stack-config";
import { type KafkaOutputs, withAnyBroker, withBroker } from "./connection";

/** Where a group is to go on in a partition. */
export interface PositionToCommit {
  partition: number;
  /** Offset of the next record to be read. */
  offset: number;
  /** Kept beside the offset: 4,096 bytes at most by default. */
  metadata?: string;
}

/** Codes of Kafka's protocol by which a coordinator says that it is not there yet. */
const comingCodes: readonly number[] = [14, 15, 16];
/** UNKNOWN_MEMBER_ID and ILLEGAL_GENERATION: only its members may commit for a group that has some. */
const memberCodes: readonly number[] = [22, 25];

/** How often a coordinator that isn't there yet is asked again, 250 ms apart. */
const tries = 40;

/**
 * Commits positions of a group that has no members, all in one request: FindCoordinator v4 and OffsetCommit v8.
 *
 * kafkajs' `setOffsets` joins the group for that, commits partition by partition and takes no metadata. Here the coordinator itself
 * refuses where somebody has joined meanwhile, and then nothing is changed.
 *
 * @throws UserError where the group has members.
 * @throws Error where no broker answers, or the coordinator refuses.
 */
export async function commitOffsets(
  outputs: KafkaOutputs,
  group: string,
  topic: string,
  positions: readonly PositionToCommit[],
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const code = await tryToCommit(outputs, group, topic, positions);
    if (code === 0) return;
    if (memberCodes.includes(code))
      throw new UserError(`The group ${group} has members: only they can commit. Nothing was changed.`);
    if (!comingCodes.includes(code) || tried === tries)
      throw new Error(`Kafka refuses to commit for the group ${group} (error ${code} of its protocol)`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The first error code of Kafka's protocol that comes back; 0 where there is none. */
async function tryToCommit(
  outputs: KafkaOutputs,
  group: string,
  topic: string,
  positions: readonly PositionToCommit[],
): Promise<number> {
  const { code, address } = await withAnyBroker(outputs, (call) => coordinatorOf(call, group));
  if (code !== 0) return code;
  return withBroker(outputs, address, async (call) => {
    const noGeneration = int32(-1);
    const noMember = text("");
    const noInstance = Buffer.from([0]);
    const noLeaderEpoch = int32(-1);
    const partitions = positions.map(({ partition, offset, metadata = "" }) =>
      Buffer.concat([int32(partition), int64(offset), noLeaderEpoch, text(metadata), noTags]),
    );
    const topics = array([Buffer.concat([text(topic), array(partitions), noTags])]);
    const answer = await call(8, 8, [text(group), noGeneration, noMember, noInstance, topics, noTags]);
    answer.skip(4);
    const codes = answer.array(() => {
      answer.text();
      const ofTopic = answer.array(() => {
        answer.skip(4);
        const error = answer.int16();
        answer.tags();
        return error;
      });
      answer.tags();
      return ofTopic;
    });
    return codes.flat().find((error) => error !== 0) ?? 0;
  });
}

async function coordinatorOf(call: NodeCall, group: string): Promise<{ code: number; address: string }> {
  const ofGroups = Buffer.from([0]);
  const answer = await call(10, 4, [ofGroups, array([text(group)]), noTags]);
  answer.skip(4);
  const [found] = answer.array(() => {
    answer.text();
    answer.skip(4);
    const host = answer.text();
    const port = answer.int32();
    const code = answer.int16();
    answer.text();
    answer.tags();
    return { code, address: `${host}:${port}` };
  });
  return found ?? { code: 15, address: "" };
}
