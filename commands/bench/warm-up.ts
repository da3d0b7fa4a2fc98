import { producerPerformance } from "./kafka-tools";
import { type Bench } from "./part";

/** As many as a part of the benchmark sends. */
const records = 500_000;

/** Has new brokers compile what the rounds are to measure: whoever came first would find them slower than whoever came second. */
export async function warmUp({
  servers,
  topics,
  signal,
}: Pick<Bench, "servers" | "topics" | "signal">): Promise<void> {
  const topic = "bench-warm-up";
  const { brokers, kafka } = servers;
  await topics.create([topic]);
  await producerPerformance(kafka, { brokers, topic, records }, 200, (_pid, work) => work(), signal);
  await topics.remove([topic]);
}
