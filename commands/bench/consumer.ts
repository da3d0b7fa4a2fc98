import { createKafka } from "../../apps/shared/kafka";
import { Sender } from "../../apps/shared/sender";
import { consumerPerformance } from "./kafka-tools";
import { runLoop } from "./loop";
import { type Bench, type Part } from "./part";
import { freePort } from "./ports";
import { ProcessorTime } from "./processor-time";
import { Program } from "./program";
import { type ReaderOrder } from "./reader-loop";
import { type Finding } from "./report";
import { pastPoints, recordOf } from "./weather";

/** What issue 7 aims at. */
const leastRatio = 0.5;

const taken = "weather_consumer_messages_total";

/**
 * The consumer program, with its analysis, its commits and its page, and a kafkajs consumer that throws away what it reads, as no
 * program on kafkajs can be faster; against a tool that throws away too.
 */
export const consumerPart: Part = {
  needs: "servers",
  subject: "Analysing: the consumer program against Kafka's ConsumerPerformance",
  bound:
    "one core of Node.js: kafkajs alone, which decodes every record in JavaScript, reaches the second row. The program spends as long again on JSON, on checking each message and on its statistics.",
  limitSeconds: 600,
  run: (bench) => readersAgainstKafka(bench, bench.quick ? 20_000 : 500_000, 50),
};

/** Lets all three read one topic of real messages from its beginning, by turns. Nobody's joining of the group counts. */
async function readersAgainstKafka(bench: Bench, messages: number, stations: number): Promise<Finding[]> {
  const { servers, topics, rounds, signal, tell } = bench;
  const { brokers, kafka, processes } = servers;
  const topic = "bench-messages";
  await topics.create([topic]);
  await fill(bench, topic, messages, stations);
  const count = await topics.counted(topic, messages);

  const during =
    (times: ProcessorTime, name: string) =>
    <T>(pid: number, work: () => Promise<T>) =>
      times.during({ [name]: [pid], brokers: processes.brokers }, work);
  const reader = (read: (round: number, times: ProcessorTime) => Promise<number>) => {
    const [values, times] = [[] as number[], new ProcessorTime()];
    return { values, times, read: async (round: number) => values.push(await read(round, times)) };
  };
  const program = reader((round, times) => takeIn(bench, topic, `bench-analysis-${round}`, messages, times));
  const bare = reader((round, times) => {
    const order: ReaderOrder = { brokers, topic, records: messages, groupId: `bench-reader-${round}` };
    return runLoop("commands/bench/reader-loop.ts", order, during(times, "reader"), signal);
  });
  const kafkas = reader((round, times) => {
    const order = { brokers, topic, records: messages };
    return consumerPerformance(kafka, order, `bench-perf-${round}`, during(times, "java"), signal);
  });

  for (let round = 1; round <= rounds; round++) {
    const sides = [kafkas, program, bare];
    for (const { read } of round % 2 === 1 ? sides : sides.reverse()) await read(round);
    const [theirs = 0, ours = 0, least = 0] = [kafkas, program, bare].map(({ values }) => values.at(-1));
    tell(
      `take in weather messages: round ${round}: ${Math.round(ours)}, bare ${Math.round(least)}, against ${Math.round(theirs)} messages/s`,
    );
  }
  await topics.remove([topic]);
  const common = {
    kind: "comparison",
    unit: "messages/s",
    other: { by: "ConsumerPerformance", values: kafkas.values, cores: kafkas.times.cores() },
    counts: [count],
  } as const;
  const size = `${messages.toLocaleString("en")} of ${stations} stations, 4 partitions`;
  return [
    {
      ...common,
      what: `take in weather messages (${size})`,
      own: { by: "consumer program", values: program.values, cores: program.times.cores() },
      atLeast: leastRatio,
    },
    {
      ...common,
      what: "read them and throw them away",
      own: { by: "kafkajs' consumer alone", values: bare.values, cores: bare.times.cores() },
    },
  ];
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
