import { type IHeaders, type KafkaMessage } from "kafkajs";
import { header } from "../../apps/shared/message";
import { Sender } from "../../apps/shared/sender";
import { replayOf, text } from "../../apps/shared/set-aside";
import { type OffsetRange, readRanges } from "../../apps/shared/topicReader";
import { UserError } from "../../embedded/stack-config";
import { deployersKafka } from "../live/kafka-client";
import { table } from "../table";
import { commitOffsets } from "./committed-offsets";
import { type KafkaOutputs, withAdmin } from "./connection";
import { ageText, figure, keyText, printable } from "./printable";
import {
  fits,
  isReplayed,
  nothingReplayed,
  positionWhere,
  readPosition,
  type ReplayPosition,
  writeBeyond,
} from "./replay-position";

/** Where dead letters are. */
const topic = "weather-dlq";

/** The group whose committed positions say what has been replayed. Nobody joins it. */
export const replayGroup = "weather-dlq-replay";

/** A dead letter without its value. */
export interface DeadLetter {
  partition: number;
  offset: number;
  /** When it was set aside, in milliseconds since 1970. */
  timestampMs: number;
  reason: string;
  /** Where it stood first: `weather-2@1234`, or what its `source` header says. */
  source: string;
  key: string | null;
  /** Topic that a replay sends it to; null where it says none, and so can't be replayed. */
  replayTo: string | null;
}

/** A dead letter, and whether a replay has sent it. */
export interface ListedLetter extends DeadLetter {
  replayed: boolean;
}

/** Which dead letters are meant: those that pass all that is given. */
export interface LetterFilter {
  /** Part of the reason, in capitals or not. */
  reason?: string;
  /** Set aside at this time or later, in milliseconds since 1970. */
  fromMs?: number;
  /** Set aside before this time. */
  toMs?: number;
}

/** Reads a dead letter out of its record. */
export function deadLetter(
  partition: number,
  { offset, timestamp, key, headers }: Pick<KafkaMessage, "offset" | "timestamp" | "key" | "headers">,
): DeadLetter {
  return {
    partition,
    offset: Number(offset),
    timestampMs: Number(timestamp),
    reason: text(headers, header.reason) ?? "",
    source: sourceOf(headers),
    key: keyText(key),
    replayTo: text(headers, header.replayTo) ?? null,
  };
}

function sourceOf(headers: IHeaders | undefined): string {
  const sourceTopic = text(headers, header.sourceTopic);
  return sourceTopic === undefined
    ? (text(headers, "source") ?? "")
    : `${sourceTopic}-${text(headers, header.sourcePartition) ?? "?"}@${text(headers, header.sourceOffset) ?? "?"}`;
}

/** Whether a letter passes a filter. */
export function passes({ reason, timestampMs }: DeadLetter, filter: LetterFilter): boolean {
  return (
    (filter.reason === undefined || reason.toLowerCase().includes(filter.reason.toLowerCase())) &&
    timestampMs >= (filter.fromMs ?? -Infinity) &&
    timestampMs < (filter.toMs ?? Infinity)
  );
}

/** All dead letters that the topic holds, in order within each partition, and how far they have been replayed. */
interface Letters {
  all: DeadLetter[];
  positions: ReadonlyMap<number, ReplayPosition>;
}

/** The newest dead letters that pass the filter, newest first. @throws Error where Kafka can't be read. */
export async function listLetters(
  outputs: KafkaOutputs,
  filter: LetterFilter,
  limit: number,
): Promise<{ letters: ListedLetter[]; passing: number; total: number }> {
  const { all, positions } = await readLetters(outputs);
  const passing = all.filter((letter) => passes(letter, filter));
  const letters = passing
    .sort((a, b) => b.timestampMs - a.timestampMs || b.offset - a.offset)
    .slice(0, limit)
    .map((letter) => ({
      ...letter,
      replayed: letter.replayTo !== null && isReplayed(positionIn(positions, letter), letter.offset),
    }));
  return { letters, passing: passing.length, total: all.length };
}

/** What a replay would do. */
export interface ReplayPlan {
  /** To be sent, in order within each partition. */
  send: DeadLetter[];
  /** Pass the filter, but don't say where to. */
  notReplayable: DeadLetter[];
  /** Pass the filter, but an earlier replay has sent them. */
  replayedBefore: number;
  /** Not replayed yet, and kept for later by the filter. */
  leftOut: number;
}

/** Parts the letters; `again` means those too that were replayed before. */
export function planReplay({ all, positions }: Letters, filter: LetterFilter, again: boolean): ReplayPlan {
  const plan: ReplayPlan = { send: [], notReplayable: [], replayedBefore: 0, leftOut: 0 };
  for (const letter of all) {
    const wasReplayed = isReplayed(positionIn(positions, letter), letter.offset);
    if (!passes(letter, filter)) plan.leftOut += Number(letter.replayTo !== null && !wasReplayed);
    else if (letter.replayTo === null) plan.notReplayable.push(letter);
    else if (wasReplayed && !again) plan.replayedBefore++;
    else plan.send.push(letter);
  }
  return plan;
}

/** What to commit for one partition once the letters at `sent` are acknowledged: those that can't be replayed don't hold it up. */
export function positionAfter(
  letters: readonly DeadLetter[],
  before: ReplayPosition,
  sent: ReadonlySet<number>,
): ReplayPosition {
  const rest = letters.filter(({ offset }) => offset >= before.next);
  const notReplayable = new Set(rest.filter(({ replayTo }) => replayTo === null).map(({ offset }) => offset));
  return positionWhere(
    before.next,
    rest.map(({ offset }) => offset),
    (offset) => sent.has(offset) || notReplayable.has(offset) || isReplayed(before, offset),
  );
}

/**
 * Plans a replay and, where `doIt`, sends each planned letter as it was to where it came from, in order within each partition.
 *
 * After each batch that Kafka has acknowledged the position is committed, so that what was sent is sent once; a kill between the two
 * sends one batch again.
 *
 * @throws UserError where the position would be too scattered for a broker to keep: then nothing is sent.
 */
export async function replayLetters(
  outputs: KafkaOutputs,
  filter: LetterFilter,
  again: boolean,
  doIt: boolean,
): Promise<ReplayPlan> {
  const letters = await readLetters(outputs);
  const plan = planReplay(letters, filter, again);
  const partitions = [...new Set(plan.send.map(({ partition }) => partition))].map((partition) => {
    const own = letters.all.filter((letter) => letter.partition === partition);
    const before = letters.positions.get(partition) ?? nothingReplayed;
    const wanted = plan.send.filter((letter) => letter.partition === partition).map(({ offset }) => offset);
    return {
      partition,
      wanted: new Set(wanted),
      after: (sent: Set<number>) => positionAfter(own, before, sent),
    };
  });
  const scattered = partitions.find(({ wanted, after }) => !fits(after(wanted)));
  if (scattered)
    throw new UserError(
      `What this filter leaves out lies too scattered in partition ${scattered.partition} for a position to be kept. Replay with a wider filter, or by time (--from, --to).`,
    );
  if (!doIt || partitions.length === 0) return plan;

  const kafka = deployersKafka(outputs, "weather-kafka");
  const sender = new Sender(kafka);
  const sent = new Map(partitions.map(({ partition }) => [partition, new Set<number>()]));
  const ranges = partitions.map(({ partition, wanted }): OffsetRange => {
    const offsets = [...wanted];
    return {
      topic,
      partition,
      start: BigInt(offsets[0] ?? 0),
      end: BigInt((offsets.at(-1) ?? -1) + 1),
    };
  });
  try {
    await readRanges(
      kafka,
      "weather-dlq-read-",
      ranges,
      async (_, partition, records) => {
        const one = partitions.find((each) => each.partition === partition);
        const done = sent.get(partition);
        if (!one || !done) return;
        const batch = records.filter(({ offset }) => one.wanted.has(Number(offset)));
        const replays = batch.flatMap((record) => replayOf(record) ?? []);
        for (const to of new Set(replays.map((replay) => replay.topic)))
          await sender.send(
            to,
            replays.filter((replay) => replay.topic === to).map(({ record }) => record),
          );
        for (const { offset } of batch) done.add(Number(offset));
        const position = one.after(done);
        // On the way it may be more scattered than at the end, which was seen to fit.
        if (batch.length > 0 && fits(position))
          await commitOffsets(outputs, replayGroup, topic, [
            { partition, offset: position.next, metadata: writeBeyond(position) },
          ]);
      },
      new AbortController().signal,
    );
  } finally {
    await sender.close();
  }
  return plan;
}

function positionIn(
  positions: ReadonlyMap<number, ReplayPosition>,
  { partition }: DeadLetter,
): ReplayPosition {
  return positions.get(partition) ?? nothingReplayed;
}

async function readLetters(outputs: KafkaOutputs): Promise<Letters> {
  const { offsets, committed } = await withAdmin(outputs, async (admin) => ({
    offsets: await admin.fetchTopicOffsets(topic),
    committed: await admin.fetchOffsets({ groupId: replayGroup, topics: [topic] }),
  }));
  const positions = new Map(
    (committed[0]?.partitions ?? []).map(({ partition, offset, metadata }) => [
      partition,
      readPosition(Number(offset), metadata),
    ]),
  );
  const ranges = offsets.map(({ partition, low, high }): OffsetRange => ({
    topic,
    partition,
    start: BigInt(low),
    end: BigInt(high),
  }));
  const all: DeadLetter[] = [];
  await readRanges(
    deployersKafka(outputs, "weather-kafka"),
    "weather-dlq-read-",
    ranges.filter(({ start, end }) => end > start),
    (_, partition, records) => {
      for (const record of records) all.push(deadLetter(partition, record));
    },
    new AbortController().signal,
  );
  return { all, positions };
}

/** Letters as a table for a terminal. */
export function renderLetters(
  { letters, passing, total }: { letters: readonly ListedLetter[]; passing: number; total: number },
  nowMs: number,
): string {
  const rows = letters.map((letter) => [
    ageText(nowMs - letter.timestampMs),
    `${letter.partition}@${letter.offset}`,
    printable(letter.source, 40) || "-",
    letter.key === null ? "-" : printable(letter.key, 30),
    letter.replayTo === null
      ? "not replayable"
      : letter.replayed
        ? "replayed"
        : `to ${printable(letter.replayTo, 40)}`,
    printable(letter.reason, 80),
  ]);
  const count = `${figure(letters.length)} of ${figure(passing)} dead letters${passing < total ? ` that pass the filter, of ${figure(total)} in all` : ""}`;
  return letters.length === 0
    ? count
    : `${table(["AGE", "LETTER", "SOURCE", "KEY", "REPLAY", "REASON"], rows)}\n\n${count}`;
}

/** How many reasons are shown by name. */
const shownReasons = 20;

/** A plan as text for a terminal. */
export function renderReplay(plan: ReplayPlan): string {
  const kinds = new Map<string, { cells: [string, string]; count: number }>();
  for (const { reason, replayTo } of [...plan.send, ...plan.notReplayable]) {
    const cells: [string, string] = [replayTo ?? "not replayable", printable(reason, 80)];
    const kind = kinds.get(cells.join()) ?? { cells, count: 0 };
    kind.count++;
    kinds.set(cells.join(), kind);
  }
  const rows = [...kinds.values()].sort((a, b) => b.count - a.count);
  const rest = rows.slice(shownReasons).reduce((sum, { count }) => sum + count, 0);
  return [
    ...(rows.length === 0
      ? []
      : [
          table(
            ["LETTERS", "TO", "REASON"],
            rows.slice(0, shownReasons).map(({ cells, count }) => [figure(count), ...cells]),
          ) + (rest === 0 ? "" : `\n${figure(rest)} of other reasons`),
          "",
        ]),
    `${figure(plan.send.length)} to replay; ${figure(plan.replayedBefore)} replayed before; ${figure(plan.notReplayable.length)} not replayable (without ${header.replayTo}); ${figure(plan.leftOut)} left out by the filter stay for later`,
  ].join("\n");
}
