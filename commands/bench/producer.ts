import { producerPerformance } from "./kafka-tools";
import { runLoop } from "./loop";
import { type Bench, type Part } from "./part";
import { ProcessorTime } from "./processor-time";
import { type Count, type Finding } from "./report";
import { type SenderOrder } from "./sender-loop";
import { pastPoints, recordBytes, recordOf } from "./weather";

/** What issue 7 aims at. */
const leastRatio = 0.7;

/** The sender that every program publishes through, without anything around it, against Kafka's own producer. */
export const producerPart: Part = {
  needs: "servers",
  subject: "Publishing: the bare sender against Kafka's ProducerPerformance",
  bound:
    "one core of Node.js. Of the sender's time kafkajs takes half for encoding records in JavaScript, a tenth for sorting them by partition, and the garbage collector an eighth (`node --cpu-prof`).",
  limitSeconds: 600,
  run: async (bench) => {
    const records = bench.quick ? 20_000 : 500_000;
    return [
      await senderAgainstKafka(bench, {
        what: "publish weather messages",
        records,
        stations: 50,
        partitions: 4,
        leastRatio,
      }),
      {
        kind: "not measured",
        what: "@platformatic/kafka",
        reason: "it needs Node.js 22.22, and the programs are to run from 20.20 on",
      },
    ];
  },
};

/** Lets both publish as many records as large to a topic each, by turns. */
export async function senderAgainstKafka(
  { servers, topics, rounds, signal, tell }: Bench,
  {
    what,
    records,
    stations,
    partitions,
    leastRatio,
  }: { what: string; records: number; stations: number; partitions: number; leastRatio?: number },
): Promise<Finding> {
  const bytes = meanRecordBytes(stations);
  const { brokers, kafka, processes } = servers;
  const values = { own: [] as number[], other: [] as number[] };
  const times = { own: new ProcessorTime(), other: new ProcessorTime() };
  const counts: Count[] = [];
  for (let round = 1; round <= rounds; round++) {
    const [own, other] = [`bench-sender-${round}`, `bench-perf-${round}`];
    await topics.create([own, other], partitions);
    const ours = async () => {
      const watched = <T>(pid: number, work: () => Promise<T>) =>
        times.own.during({ sender: [pid], brokers: processes.brokers }, work);
      const order: SenderOrder = { brokers, topic: own, records, stations };
      values.own.push(await runLoop("commands/bench/sender-loop.ts", order, watched, signal));
    };
    const theirs = async () => {
      const watched = <T>(pid: number, work: () => Promise<T>) =>
        times.other.during({ java: [pid], brokers: processes.brokers }, work);
      const order = { brokers, topic: other, records };
      values.other.push(await producerPerformance(kafka, order, bytes, watched, signal));
    };
    // Whoever comes second finds warmer brokers.
    for (const side of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) await side();
    counts.push(await topics.counted(own, records), await topics.counted(other, records));
    await topics.remove([own, other]);
    tell(
      `${what}: round ${round}: ${Math.round(values.own.at(-1) ?? 0)} against ${Math.round(values.other.at(-1) ?? 0)} records/s`,
    );
  }
  return {
    kind: "comparison",
    what: `${what} (${records.toLocaleString("en")} of ${bytes} bytes, ${partitions} partitions)`,
    unit: "records/s",
    own: { by: "Sender (kafkajs)", values: values.own, cores: times.own.cores() },
    other: { by: "ProducerPerformance", values: values.other, cores: times.other.cores() },
    ...(leastRatio !== undefined && { atLeast: leastRatio }),
    counts,
  };
}

/** Bytes of a weather message, headers and key included, as a whole number. */
function meanRecordBytes(stations: number): number {
  const sample = [...pastPoints(1_000, stations)].flat().map((point) => recordBytes(recordOf(point)));
  return Math.round(sample.reduce((sum, bytes) => sum + bytes, 0) / sample.length);
}
