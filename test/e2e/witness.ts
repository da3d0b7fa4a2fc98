import { type Kafka } from "kafkajs";
import { type Counts, noCounts, readNote } from "../../apps/consumer/memory";

/** A record as an independent client reads it. */
export interface WitnessedRecord {
  partition: number;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
}

/** Reads what a topic holds now, from its beginning, and gives each record to `onRecord`. @throws Error after 120 s without an end. */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  onRecord: (record: WitnessedRecord) => void,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const missing = new Map(
    ends.filter(({ high, low }) => high !== low).map(({ partition, high }) => [partition, BigInt(high)]),
  );
  if (missing.size === 0) return;
  const consumer = kafka.consumer({ groupId: `witness-${topic}-${Date.now()}` });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new Error(`partitions ${[...missing.keys()].join(", ")} of ${topic} were not read to their end`),
        );
      }, 120_000);
      void consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          for (const { offset, key, value, headers } of batch.messages) {
            const end = missing.get(batch.partition);
            if (end === undefined || BigInt(offset) >= end) break;
            onRecord({
              partition: batch.partition,
              offset,
              key,
              value,
              headers: Object.fromEntries(
                Object.entries(headers ?? {}).map(([name, content]) => [name, String(content)]),
              ),
            });
            if (BigInt(offset) + 1n >= end) missing.delete(batch.partition);
          }
          if (missing.size === 0) {
            clearTimeout(timer);
            resolve();
          }
          return Promise.resolve();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
}

/** What the group has counted, as it stands with its offsets in Kafka, and how far it is behind. */
export async function groupCounts(
  kafka: Kafka,
  group: string,
  topic: string,
): Promise<Counts & { lag: number }> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    const ends = new Map(
      (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]),
    );
    const sum = { ...noCounts, lag: 0 };
    for (const { partition, offset, metadata } of committed?.partitions ?? []) {
      const { messages, duplicates, anomalies, deadLetters } = readNote(metadata).counts;
      sum.messages += messages;
      sum.duplicates += duplicates;
      sum.anomalies += anomalies;
      sum.deadLetters += deadLetters;
      sum.lag += Number(ends.get(partition) ?? 0) - Math.max(0, Number(offset));
    }
    return sum;
  } finally {
    await admin.disconnect();
  }
}
