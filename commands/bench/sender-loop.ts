import { createKafka } from "../../apps/shared/kafka";
import { type OutgoingRecord, Sender } from "../../apps/shared/sender";
import { pastPoints, recordOf } from "./weather";

/** What the process that measures the sender is to do. */
export interface SenderOrder {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly records: number;
  readonly stations: number;
}

/** What it answers. */
export type SenderAnswer =
  | { readonly kind: "done"; readonly recordsPerSecond: number }
  | { readonly kind: "failed"; readonly reason: string };

/** Records in one send: what the producer program reads, and publishes, at a time. */
const recordsPerSend = 25_000;

/* A process of its own, as ProducerPerformance is one: neither finds code that the round before has warmed up. */
process.once("message", (order: SenderOrder) => {
  run(order).then(
    () => process.exit(0),
    (error: unknown) => {
      void answer({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
      process.once("disconnect", () => process.exit(1));
    },
  );
});
process.once("disconnect", () => process.exit(1));

async function run({ brokers, topic, records, stations }: SenderOrder): Promise<void> {
  const sender = new Sender(createKafka("bench", { brokers: [...brokers] }, () => undefined));
  // Made beforehand, as ProducerPerformance does with what it sends.
  const batch: OutgoingRecord[] = [...pastPoints(Math.min(records, recordsPerSend), stations)].flatMap(
    (points) => points.map(recordOf),
  );
  const begun = performance.now();
  for (let left = records; left > 0; left -= batch.length) await sender.send(topic, batch.slice(0, left));
  const recordsPerSecond = (records * 1_000) / (performance.now() - begun);
  await sender.close();
  await answer({ kind: "done", recordsPerSecond });
}

function answer(message: SenderAnswer): Promise<void> {
  return new Promise((resolve) =>
    process.send?.(message, () => {
      resolve();
    }),
  );
}
