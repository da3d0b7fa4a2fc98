import { type IHeaders, type KafkaMessage } from "kafkajs";
import { header } from "./message";
import { type OutgoingRecord } from "./sender";

/** A record as it was read, and where it stood. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly message: Pick<KafkaMessage, "key" | "value" | "headers" | "offset" | "timestamp">;
}

/** Headers that setting a record aside has added, and that its replay takes off again. */
const added: readonly string[] = [
  header.reason,
  header.sourceTopic,
  header.sourcePartition,
  header.sourceOffset,
  header.sourceTimestamp,
  header.replayTo,
  header.attempts,
  header.retryAt,
];

/** Broker and clients name the trouble; what a foreign message has put into it must not make the record too long. */
const maxReasonCharacters = 500;

/**
 * The record by which a record that can't be used is kept: its key, value and headers, byte by byte, and besides `reason`, where
 * it stood first (`source-topic`, `source-partition`, `source-offset`, `source-timestamp`) and `replay-to`. Its own time is now,
 * so that retention counts from here. The topic must take records a little longer than those of its sources.
 */
export function deadLetterOf(source: SourceRecord, reason: string): OutgoingRecord {
  return setAside(source, { [header.reason]: reason, [header.replayTo]: source.topic });
}

/** An attempt that failed, and the next. */
export interface Attempt {
  /** How many have failed. */
  readonly attempts: number;
  /** When the next is due, in milliseconds since 1970. */
  readonly dueMs: number;
}

/** The record that stands in the retry topic until its effect, told in `effect` headers, is done. */
export function retryOf(
  source: SourceRecord,
  reason: string,
  { attempts, dueMs }: Attempt,
  effect: IHeaders,
): OutgoingRecord {
  return setAside(source, {
    ...effect,
    [header.reason]: reason,
    [header.attempts]: String(attempts),
    [header.retryAt]: new Date(dueMs).toISOString(),
  });
}

/** The attempt that a record of the retry topic waits for: one without the headers (a replayed one) is due at once. */
export function attemptOf(headers: IHeaders | undefined): Attempt {
  const attempts = Number(text(headers, header.attempts) ?? 0);
  const dueMs = Date.parse(text(headers, header.retryAt) ?? "");
  return {
    attempts: Number.isSafeInteger(attempts) && attempts >= 0 ? attempts : 0,
    dueMs: Number.isNaN(dueMs) ? 0 : dueMs,
  };
}

/** A dead letter as it can be sent again. */
export interface Replay {
  readonly topic: string;
  readonly record: OutgoingRecord;
}

/**
 * The record behind a dead letter, and the topic to send it to: as it was, without what setting it aside has added. Undefined
 * where the dead letter doesn't say where to, as a point that the producer refused: its value never was a message.
 */
export function replayOf({ key, value, headers = {} }: SourceRecord["message"]): Replay | undefined {
  const topic = text(headers, header.replayTo);
  if (topic === undefined) return undefined;
  const timestampMs = Number(text(headers, header.sourceTimestamp));
  return {
    topic,
    record: {
      key,
      value,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !added.includes(name))),
      ...(timestampMs > 0 && { timestampMs }),
    },
  };
}

/** A header's text, or undefined where it is missing. */
export function text(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  return (Array.isArray(value) ? value[0] : value)?.toString();
}

function setAside({ topic, partition, message }: SourceRecord, headers: IHeaders): OutgoingRecord {
  const reason = String(headers[header.reason]);
  // What waited in the retry topic keeps the place where it stood first.
  const wasSetAside = message.headers?.[header.attempts] !== undefined;
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      ...(!wasSetAside && {
        [header.sourceTopic]: topic,
        [header.sourcePartition]: String(partition),
        [header.sourceOffset]: message.offset,
        [header.sourceTimestamp]: message.timestamp,
      }),
      ...headers,
      [header.reason]:
        reason.length > maxReasonCharacters ? `${reason.slice(0, maxReasonCharacters)}…` : reason,
    },
  };
}
