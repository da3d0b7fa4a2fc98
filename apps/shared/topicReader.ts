import { randomUUID } from "node:crypto";
import { type Kafka, type KafkaMessage } from "kafkajs";

/** Part of a partition: offsets from `start` (included) to `end` (not). */
export interface OffsetRange {
  readonly topic: string;
  readonly partition: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** No progress for this long means that the brokers are in trouble. */
const stalledMs = 30_000;

/**
 * Reads every record of the ranges, each once and in order within its partition, then leaves. It joins a consumer group of its own
 * (kafkajs reads in no other way), commits nothing, and so leaves nothing behind.
 *
 * @throws where a read makes no progress for 30 s, or the signal is aborted.
 */
export async function readRanges(
  kafka: Kafka,
  groupPrefix: string,
  ranges: readonly OffsetRange[],
  onRecords: (topic: string, partition: number, records: KafkaMessage[]) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const positions = new Map(
    ranges.map((range) => [`${range.topic}/${range.partition}`, { ...range, next: range.start }]),
  );
  const isDone = (): boolean => [...positions.values()].every(({ next, end }) => next >= end);
  if (isDone()) return;

  const topics = [...new Set(ranges.map(({ topic }) => topic))];
  const consumer = kafka.consumer({
    groupId: `${groupPrefix}${randomUUID()}`,
    sessionTimeout: 10_000,
    heartbeatInterval: 1_000,
    maxWaitTimeInMs: 200,
    allowAutoTopicCreation: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  });
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`reading ${topics.join(", ")} made no progress for ${stalledMs / 1_000} s`));
      }, stalledMs);
      onAbort = () => {
        reject(new Error(`stopped while reading ${topics.join(", ")}`));
      };
      signal.addEventListener("abort", onAbort);
      consumer.on("consumer.crash", ({ payload: { error } }) => {
        reject(error);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatchAutoResolve: true,
          eachBatch: async (payload) => {
            const { batch } = payload;
            const position = positions.get(`${batch.topic}/${batch.partition}`);
            if (!position) return;
            const { next, end } = position;
            const wanted = batch.messages.filter(({ offset }) => {
              const at = BigInt(offset);
              return at >= next && at < end;
            });
            if (wanted.length > 0) await onRecords(batch.topic, batch.partition, wanted);
            // Beyond the last record may lie a marker of a transaction, which no client is shown.
            const after = BigInt(batch.lastOffset()) + 1n;
            if (after > next) position.next = after;
            if (isDone()) resolve();
            timer?.refresh();
            await payload.heartbeat();
          },
        })
        .then(() => {
          for (const { topic, partition, start } of ranges)
            consumer.seek({ topic, partition, offset: String(start) });
        })
        .catch(reject);
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    await consumer.disconnect();
  }
}
