import { createKafka } from "../../apps/shared/kafka";
import { Sender } from "../../apps/shared/sender";
import { consumerPerformance } from "./kafka-tools";
import { type Bench, type Part } from "./part";
import { freePort } from "./ports";
import { ProcessorTime } from "./processor-time";
import { Program } from "./program";
import { type Finding } from "./report";
import { pastPoints, recordOf } from "./weather";

/** What issue 7 aims at. */
const leastRatio = 0.5;

const taken = "weather_consumer_messages_total";

/** The consumer program, with its analysis, its commits and its page, against a tool that throws away what it reads. */
export const consumerPart: Part = {
  needs: "servers",
  subject: "Analysing: the consumer program against Kafka's ConsumerPerformance",
  limitSeconds: 600,
  run: async (bench) => {
    const messages = bench.quick ? 20_000 : 500_000;
    return [
      await consumerAgainstKafka(bench, {
        what: "take in weather messages",
        messages,
        stations: 50,
        partitions: 4,
        leastRatio,
      }),
    ];
  },
};

/** Lets both read one topic of real messages from its beginning, by turns. Neither's joining of the group counts. */
export async function consumerAgainstKafka(
  bench: Bench,
  {
    what,
    messages,
    stations,
    partitions,
    leastRatio,
  }: { what: string; messages: number; stations: number; partitions: number; leastRatio?: number },
): Promise<Finding> {
  const { servers, topics, rounds, signal, tell } = bench;
  const { brokers, kafka, processes } = servers;
  const topic = "bench-messages";
  await topics.create([topic], partitions);
  await fill(bench, topic, messages, stations);
  const count = await topics.counted(topic, messages);

  const values = { own: [] as number[], other: [] as number[] };
  const times = { own: new ProcessorTime(), other: new ProcessorTime() };
  for (let round = 1; round <= rounds; round++) {
    const ours = async () => {
      values.own.push(await takeIn(bench, topic, `bench-analysis-${round}`, messages, times.own));
    };
    const theirs = async () => {
      const watched = <T>(pid: number, work: () => Promise<T>) =>
        times.other.during({ java: [pid], brokers: processes.brokers }, work);
      const order = { brokers, topic, records: messages };
      values.other.push(await consumerPerformance(kafka, order, `bench-perf-${round}`, watched, signal));
    };
    for (const side of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) await side();
    tell(
      `${what}: round ${round}: ${Math.round(values.own.at(-1) ?? 0)} against ${Math.round(values.other.at(-1) ?? 0)} messages/s`,
    );
  }
  await topics.remove([topic]);
  return {
    kind: "comparison",
    what: `${what} (${messages.toLocaleString("en")} of ${stations} stations, ${partitions} partitions)`,
    unit: "messages/s",
    own: { by: "consumer program", values: values.own, cores: times.own.cores() },
    other: { by: "ConsumerPerformance", values: values.other, cores: times.other.cores() },
    ...(leastRatio !== undefined && { atLeast: leastRatio }),
    counts: [count],
  };
}

/** Publishes so many weather messages, all different, to a topic. */
export async function fill(
  { servers, signal }: Bench,
  topic: string,
  messages: number,
  stations: number,
): Promise<void> {
  const sender = new Sender(createKafka("bench", { brokers: servers.brokers }, () => undefined));
  try {
    for (const points of pastPoints(messages, stations)) {
      signal.throwIfAborted();
      await sender.send(topic, points.map(recordOf));
    }
  } finally {
    await sender.close();
  }
}

/** Lets the consumer program take in a topic from its beginning; returns messages a second from the joining of its group on. */
export async function takeIn(
  { servers, topics, signal }: Bench,
  topic: string,
  groupId: string,
  messages: number,
  times: ProcessorTime,
): Promise<number> {
  const [retryTopic, deadLetterTopic] = [`${topic}-retry`, `${topic}-dlq`];
  await topics.create([retryTopic, deadLetterTopic]);
  const config = {
    ...servers.consumer,
    ...{ topic, retryTopic, deadLetterTopic, groupId },
    alerts: { ...servers.consumer.alerts, tokenFile: servers.write("alerts-token", "bench") },
  };
  const program = Program.start("consumer", servers, config, await freePort(), signal);
  try {
    const begun = await program.logged("joined the group", signal);
    const watched = { consumer: [program.pid], brokers: servers.processes.brokers };
    const done = await times.during(watched, () => program.reaches(taken, messages, signal));
    const all = await program.metric(taken);
    if (all !== messages) throw new Error(`the consumer took in ${all} messages, not ${messages}`);
    return (messages * 1_000) / (done - begun);
  } finally {
    await program.stop();
    await topics.remove([retryTopic, deadLetterTopic]);
  }
}
