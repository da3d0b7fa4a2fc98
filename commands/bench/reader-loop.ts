import { groupConsumer } from "../../apps/shared/group-consumer";
import { createKafka } from "../../apps/shared/kafka";
import { loopOnOrder } from "./loop";

/** What the process that measures kafkajs' consumer is to do. */
export interface ReaderOrder {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
  readonly groupId: string;
}

loopOnOrder(async ({ brokers, topic, records, groupId }: ReaderOrder) => {
  const kafka = createKafka("bench", { brokers: [...brokers] }, () => undefined);
  const consumer = groupConsumer(kafka, { groupId, maxWaitTimeInMs: 100, onRestart: () => undefined });
  let joinedAt = 0;
  consumer.on("consumer.group_join", () => {
    joinedAt = performance.now();
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let read = 0;
  const doneAt = await new Promise<number>((resolve, reject) => {
    consumer
      .run({
        eachBatch: ({ batch }) => {
          read += batch.messages.length;
          if (read >= records) resolve(performance.now());
          return Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return (records * 1_000) / (doneAt - joinedAt);
});
