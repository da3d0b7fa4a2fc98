import { type Admin, type Kafka } from "kafkajs";
import { header, messageIdTimeMs } from "../shared/message";
import { type Published } from "./follower";
import { PublishedIds, windowStart } from "./publishedIds";
import { type OffsetRange, readRanges } from "../shared/topicReader";

/** A topic by time of its records, as a broker's time index knows it. */
export interface TimeIndex {
  /** Whether any partition has a record of that time or later. */
  hasRecordFrom(timeMs: number): Promise<boolean>;
}

/** The newest record time of a topic, or undefined where it is empty: found by halving, in 43 questions. */
export async function newestRecordMs(index: TimeIndex, latestMs: number): Promise<number | undefined> {
  if (!(await index.hasRecordFrom(0))) return undefined;
  let [present, absent] = [0, latestMs + 1];
  while (absent - present > 1) {
    const middle = Math.floor((present + absent) / 2);
    if (await index.hasRecordFrom(middle)) present = middle;
    else absent = middle;
  }
  return present;
}

/** Brokers refuse records more than an hour ahead (`message.timestamp.after.max.ms`). */
const maxAheadMs = 3_600_000;

/**
 * Reads from the topics what was published: there is no other memory, so none that could disagree with them. Records not written
 * by the producer (they have no message id) are passed over. The topics must keep the time of creation
 * (`message.timestamp.type=CreateTime`, Kafka's default).
 */
export async function recoverPublished(
  kafka: Kafka,
  {
    topic,
    deadLetterTopic,
    groupPrefix,
    lateArrivalMs,
  }: { topic: string; deadLetterTopic: string; groupPrefix: string; lateArrivalMs: number },
  signal: AbortSignal,
): Promise<Published> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const newestRecord = await newestRecordMs(
      {
        hasRecordFrom: async (timeMs) =>
          (await rangesFrom(admin, topic, timeMs)).some(({ start, end }) => start < end),
      },
      Date.now() + maxAheadMs,
    );
    if (newestRecord === undefined) return { ids: new PublishedIds(), newestMs: undefined };
    const now = Date.now();
    // Foreign records may be the newest: then the producer's own lie further back.
    for (let backMs = lateArrivalMs; ; backMs *= 16) {
      const fromMs = windowStart(Math.min(newestRecord, now), backMs);
      const ids = new PublishedIds();
      let newestMs: number | undefined;
      const ranges = [
        ...(await rangesFrom(admin, topic, fromMs)),
        ...(await rangesFrom(admin, deadLetterTopic, fromMs)),
      ];
      await readRanges(
        kafka,
        groupPrefix,
        ranges,
        (from, _partition, records) => {
          for (const { headers, timestamp } of records) {
            const id = headers?.[header.messageId]?.toString();
            const timeMs = id === undefined ? undefined : messageIdTimeMs(id);
            if (id === undefined || timeMs === undefined) continue;
            ids.add(id, timeMs);
            // Dead letters of the consumer bear ids too, but tell nothing of what was published here.
            if (from === topic && timeMs === Number(timestamp))
              newestMs = Math.max(newestMs ?? 0, Math.min(timeMs, now));
          }
        },
        signal,
      );
      const isFarEnough = newestMs !== undefined && windowStart(newestMs, lateArrivalMs) >= fromMs;
      if (isFarEnough || fromMs === 0) return { ids, newestMs };
    }
  } finally {
    await admin.disconnect();
  }
}

/** What each partition holds from the first record of that time on. */
async function rangesFrom(admin: Admin, topic: string, timeMs: number): Promise<OffsetRange[]> {
  const ends = new Map(
    (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  const starts = await admin.fetchTopicOffsetsByTimestamp(topic, timeMs);
  return starts.map(({ partition, offset }) => ({
    topic,
    partition,
    start: BigInt(offset),
    end: ends.get(partition) ?? 0n,
  }));
}
