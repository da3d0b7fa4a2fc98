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
 * Reads every record of the ranges, each once, then leaves. It joins a consumer group of its own (kafkajs reads in no other way),
 * commits nothing, and so leaves nothing behind.
 *
 * @throws where a read makes no progress for 30 s, or the signal is aborted.
 */
export async function readRanges(
  kafka: Kafka,
  groupPrefix: string,
  ranges: readonly OffsetRange[],
  onRecord: (topic: string, record: KafkaMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const positions = new Map(
    ranges.map((range) => [`${range.topic}/${range.partition}`, { ...range, next: range.start }]),
  );
  const isDone = (): boolean => [...positions.values()].every(({ next, end }) => next >= end);
  if (isDone()) return;

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
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`reading back what is published made no progress for ${stalledMs / 1_000} s`));
      }, stalledMs);
      onAbort = () => {
        reject(new Error("stopped while reading back what is published"));
      };
      signal.addEventListener("abort", onAbort);
      consumer.on("consumer.crash", ({ payload: { error } }) => {
        reject(error);
      });
      consumer
        .run({
          autoCommit: false,
          eachBatchAutoResolve: true,
          eachBatch: ({ batch }) => {
            const position = positions.get(`${batch.topic}/${batch.partition}`);
            if (position) {
              for (const record of batch.messages) {
                const offset = BigInt(record.offset);
                if (offset < position.next) continue;
                if (offset < position.end) onRecord(batch.topic, record);
                position.next = offset + 1n;
              }
              if (isDone()) resolve();
              timer?.refresh();
            }
            return Promise.resolve();
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
