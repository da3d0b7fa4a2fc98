import { toLine } from "../../apps/inject/weather";
import { kafkaStatus } from "../live/kafka";
import { fill, takeIn } from "./consumer";
import { bodiesOf } from "./influxdb";
import { type Bench, type Part } from "./part";
import { catchUp } from "./path";
import { ProcessorTime } from "./processor-time";
import { senderAgainstKafka } from "./producer";
import { type Finding } from "./report";
import { pastPoints } from "./weather";

/** How speed and answers change with stations, partitions and topics. */
export const growthPart: Part = {
  needs: "servers",
  subject: "Growth, one round each",
  limitSeconds: 600,
  run: async (bench) => {
    const sizes = bench.quick
      ? { stations: [50], partitions: [4], topics: [2] }
      : { stations: [50, 500, 5_000], partitions: [4, 12, 48], topics: [2, 20, 200] };
    const findings: Finding[] = [];
    const one = { ...bench, rounds: 1 };
    for (const stations of sizes.stations) findings.push(...(await withStations(one, stations)));
    for (const partitions of sizes.partitions) findings.push(...(await withPartitions(one, partitions)));
    for (const count of sizes.topics) findings.push(...(await withTopics(one, count)));
    return findings;
  },
};

const messagesOf = ({ quick }: Bench) => (quick ? 10_000 : 100_000);

async function withStations(bench: Bench, stations: number): Promise<Finding[]> {
  const points = messagesOf(bench);
  const topic = `bench-stations-${stations}`;
  await bench.topics.create([topic]);
  const bodies = bodiesOf([...pastPoints(points, stations)].flatMap((some) => some.map(toLine)));
  const times = { producer: new ProcessorTime(), consumer: new ProcessorTime() };
  const published = await catchUp(bench, { topic, bodies, points, times: times.producer });
  const counts = [await bench.topics.counted(topic, points)];
  const taken = await takeIn(bench, topic, `${topic}-group`, points, times.consumer);
  await bench.topics.remove([topic]);
  bench.tell(
    `${stations} stations: ${Math.round(published)} points/s published, ${Math.round(taken)} taken in`,
  );
  const what = `${stations.toLocaleString("en")} stations, ${points.toLocaleString("en")} points`;
  return [
    {
      ...{ kind: "figure", what, unit: "points/s", counts },
      own: { by: "producer program, reading InfluxDB", values: [published], cores: times.producer.cores() },
    },
    {
      ...{ kind: "figure", what, unit: "messages/s", counts },
      own: { by: "consumer program", values: [taken], cores: times.consumer.cores() },
    },
  ];
}

async function withPartitions(bench: Bench, partitions: number): Promise<Finding[]> {
  const records = messagesOf(bench);
  const sending = await senderAgainstKafka(bench, { what: "publish", records, stations: 500, partitions });
  const topic = `bench-partitions-${partitions}`;
  await bench.topics.create([topic], partitions);
  await fill(bench, topic, records, 500);
  const counts = [await bench.topics.counted(topic, records)];
  const times = new ProcessorTime();
  const taken = await takeIn(bench, topic, `${topic}-group`, records, times);
  await bench.topics.remove([topic]);
  return [
    sending,
    {
      kind: "figure",
      what: `${partitions} partitions, 500 stations, ${records.toLocaleString("en")} messages`,
      unit: "messages/s",
      own: { by: "consumer program", values: [taken], cores: times.cores() },
      counts,
    },
  ];
}

async function withTopics({ servers, topics, tell }: Bench, count: number): Promise<Finding[]> {
  const names = Array.from({ length: count }, (_, index) => `bench-topics-${index + 1}`);
  const begun = performance.now();
  await topics.create(names);
  const createdMs = performance.now() - begun;
  const asked = performance.now();
  const { status } = await kafkaStatus(servers.outputs);
  const statusMs = performance.now() - asked;
  const held = status.topics.filter(({ name }) => names.includes(name)).length;
  await topics.remove(names);
  tell(`${count} topics: created in ${Math.round(createdMs)} ms, status in ${Math.round(statusMs)} ms`);
  const counts = [{ where: "topics of the status", expected: count, held }];
  const what = `${count} topics of 4 partitions and 3 replicas more`;
  return [
    {
      kind: "figure",
      what: `${what}: made, all leaders answer`,
      unit: "ms",
      own: { by: "Kafka's Admin API", values: [createdMs] },
      counts,
    },
    {
      kind: "figure",
      what: `${what}: status of the cluster`,
      unit: "ms",
      own: { by: "npm run status", values: [statusMs] },
      counts,
    },
  ];
}
