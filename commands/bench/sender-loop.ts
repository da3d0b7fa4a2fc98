import { createKafka } from "../../apps/shared/kafka";
import { type OutgoingRecord, Sender } from "../../apps/shared/sender";
import { loopOnOrder } from "./loop";
import { pastPoints, recordOf } from "./weather";

/** What the process that measures the sender is to do. */
export interface SenderOrder {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
  readonly stations: number;
}

/** Records in one send: what the producer program reads, and publishes, at a time. */
const recordsPerSend = 25_000;

loopOnOrder(async ({ brokers, topic, records, stations }: SenderOrder) => {
  const sender = new Sender(createKafka("bench", { brokers: [...brokers] }, () => undefined));
  // Made beforehand, as ProducerPerformance does with what it sends.
  const batch: OutgoingRecord[] = [...pastPoints(Math.min(records, recordsPerSend), stations)].flatMap(
    (points) => points.map(recordOf),
  );
  const begun = performance.now();
  for (let left = records; left > 0; left -= batch.length) await sender.send(topic, batch.slice(0, left));
  const recordsPerSecond = (records * 1_000) / (performance.now() - begun);
  await sender.close();
  return recordsPerSecond;
});
