import { UserError } from "../../embedded/stack-config";

/** Offsets from `start` (included) to `end` (not). */
export interface OffsetSpan {
  start: number;
  end: number;
}

/**
 * How far the dead letters of one partition have been replayed: all before `next`, and the spans `beyond` it. A filter leaves some
 * out, so one offset alone could not tell.
 */
export interface ReplayPosition {
  next: number;
  beyond: OffsetSpan[];
}

/** Where nothing was replayed yet. */
export const nothingReplayed: ReplayPosition = { next: 0, beyond: [] };

/** A broker takes this much beside an offset (`offset.metadata.max.bytes`). */
const maxMetadataBytes = 4_096;

/** Whether the letter at an offset has been replayed. */
export function isReplayed({ next, beyond }: ReplayPosition, offset: number): boolean {
  return offset < next || beyond.some(({ start, end }) => offset >= start && offset < end);
}

/**
 * The position that says of each letter whether it is settled.
 *
 * @param offsets of all letters that the partition holds from `from` on, ascending. What lies between two of them is no letter, and
 * belongs to the span around it.
 */
export function positionWhere(
  from: number,
  offsets: readonly number[],
  isSettled: (offset: number) => boolean,
): ReplayPosition {
  const spans: OffsetSpan[] = [{ start: 0, end: from }];
  let last = spans[0];
  for (const offset of offsets) {
    if (!isSettled(offset)) last = undefined;
    else if (last) last.end = offset + 1;
    else {
      last = { start: offset, end: offset + 1 };
      spans.push(last);
    }
  }
  const [first, ...beyond] = spans;
  return { next: first?.end ?? from, beyond };
}

/** The spans beyond, for the metadata beside the offset `next`: gap and length in turn, to the base of 36. */
export function writeBeyond({ next, beyond }: ReplayPosition): string {
  let at = next;
  const numbers = beyond.flatMap(({ start, end }) => {
    const gap = start - at;
    at = end;
    return [gap, end - start];
  });
  return numbers.map((number) => number.toString(36)).join(" ");
}

/** Reads a committed offset and its metadata. @throws UserError where something else has committed them. */
export function readPosition(offset: number, metadata: string | null): ReplayPosition {
  if (offset < 0) return nothingReplayed;
  const numbers = metadata ? metadata.split(" ").map((number) => parseInt(number, 36)) : [];
  if (numbers.length % 2 !== 0 || numbers.some((number) => !(number > 0)))
    throw new UserError(
      `The position of the replays can't be read: ${JSON.stringify(metadata?.slice(0, 100))} stands beside it.`,
    );
  const beyond: OffsetSpan[] = [];
  let at = offset;
  for (let i = 0; i < numbers.length; i += 2) {
    const start = at + (numbers[i] ?? 0);
    at = start + (numbers[i + 1] ?? 0);
    beyond.push({ start, end: at });
  }
  return { next: offset, beyond };
}

/** Whether a broker will keep the position. */
export function fits(position: ReplayPosition): boolean {
  return writeBeyond(position).length <= maxMetadataBytes;
}
