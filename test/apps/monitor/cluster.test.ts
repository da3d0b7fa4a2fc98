import { lookAtCluster } from "../../../apps/monitor/cluster";
import { clusterFigures } from "../../../apps/monitor/figures";
import { Metrics } from "../../../apps/shared/metrics";
import {
  type ClusterFixture,
  describeQuorumResponse,
  FakeBroker,
  metadataResponse,
  type Reaction,
} from "../../components/kafka/protocol";
import { compactArray, compactString, int16, int32, int64, int8, noTags, unknownTag } from "./fields";

const open: FakeBroker[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((broker) => broker.close()));
});

const gigabyte = 1_000_000_000;

/** Body of DescribeLogDirsResponse version 4 (API key 35): one folder that failed, one that holds two topics. */
function logDirsResponse(totalBytes: number, usableBytes: number): Buffer {
  const partition = (index: number, size: number) =>
    Buffer.concat([int32(index), int64(size), int64(0), int8(0), unknownTag]);
  const topic = (name: string, partitions: Buffer[]) =>
    Buffer.concat([compactString(name), compactArray(partitions), noTags]);
  const dir = (error: number, path: string, topics: Buffer[], total: number, usable: number) =>
    Buffer.concat([
      int16(error),
      compactString(path),
      compactArray(topics),
      int64(total),
      int64(usable),
      unknownTag,
    ]);
  const topics = [
    topic("weather", [partition(0, 600), partition(1, 400)]),
    topic("__consumer_offsets", [partition(0, 50)]),
  ];
  return Buffer.concat([
    int32(0), // throttle_time_ms
    int16(0), // error_code
    compactArray([dir(56, "/bad", [], -1, -1), dir(0, "/logs", topics, totalBytes, usableBytes)]),
    noTags,
  ]);
}

/** Body of ListOffsetsResponse version 6 (API key 2), for the partitions that the request names, of one topic each. */
function listOffsetsResponse(
  request: Buffer,
  offsetOf: (partition: number, timestamp: number) => number,
): Buffer {
  const topicLength = request.readUInt8(6) - 1;
  const topic = request.toString("utf8", 7, 7 + topicLength);
  let at = 7 + topicLength;
  const count = request.readUInt8(at++) - 1;
  const partitions = Array.from({ length: count }, () => {
    const partition = request.readInt32BE(at);
    const timestamp = Number(request.readBigInt64BE(at + 8));
    at += 17;
    return Buffer.concat([
      int32(partition),
      int16(0), // error_code
      int64(-1), // timestamp
      int64(offsetOf(partition, timestamp)),
      int32(4), // leader_epoch
      unknownTag,
    ]);
  });
  return Buffer.concat([
    int32(0), // throttle_time_ms
    compactArray([Buffer.concat([compactString(topic), compactArray(partitions), noTags])]),
    noTags,
  ]);
}

/** Opens so many brokers of one cluster, broker 1 first; the first `dead` of them accept and say nothing. */
async function cluster(count: number, dead = 0): Promise<{ addresses: string[]; fixture: ClusterFixture }> {
  const fixture: ClusterFixture = {
    clusterId: "5L6g3nShT-eMCtK--X86sw",
    brokers: [],
    topics: [
      {
        name: "weather",
        partitions: [
          { partition: 0, leader: 2, replicas: [1, 2, 3], isr: [2, 3] },
          { partition: 1, leader: 3, replicas: [1, 2, 3], isr: [3] },
          { partition: 2, leader: -1, replicas: [1, 2, 3], isr: [] },
        ],
      },
      {
        name: "__consumer_offsets",
        partitions: [{ partition: 0, leader: 2, replicas: [2, 3], isr: [2, 3] }],
      },
    ],
    quorum: {
      leader: 2,
      highWatermark: 100,
      voters: [
        { id: 1, logEndOffset: 40 },
        { id: 2, logEndOffset: 101 },
        { id: 3, logEndOffset: 100 },
      ],
    },
  };
  const addresses: string[] = [];
  for (let id = 1; id <= count; id++) {
    const broker = new FakeBroker(({ apiKey, body }): Reaction => {
      if (id <= dead) return "silence";
      if (apiKey === 3) return metadataResponse(fixture);
      if (apiKey === 55) return describeQuorumResponse(fixture);
      if (apiKey === 35) return logDirsResponse(100 * gigabyte, id * gigabyte);
      return listOffsetsResponse(body, (partition, timestamp) =>
        timestamp === -1 ? 1_000 + partition : timestamp === -2 ? 10 : partition === 0 ? 990 : -1,
      );
    });
    open.push(broker);
    const address = await broker.listen();
    addresses.push(address);
    const [host = "", port] = address.split(":");
    if (id > dead) fixture.brokers.push({ id, host, port: Number(port), rack: null });
  }
  return { addresses, fixture };
}

const options = { timeoutMs: 300, recentSinceMs: 1_700_000_000_000 };

test("a look tells the view, the ends of what has a leader, and the disks; a broker that is silent is named", async () => {
  const { addresses } = await cluster(3, 1);
  const look = await lookAtCluster({ addresses, ...options });
  expect(look.failures).toEqual([`${addresses[0]} did not answer within 300 ms`]);
  expect(look.view?.brokers.map(({ id }) => id)).toEqual([2, 3]);
  expect(look.view?.quorum).toMatchObject({ leader: 2, highWatermark: 100 });
  // Kafka's own topics and the partition without a leader aren't asked for.
  expect(look.ends).toEqual([
    { topic: "weather", partition: 0, beginning: 10, end: 1_000, recent: 990 },
    { topic: "weather", partition: 1, beginning: 10, end: 1_001, recent: 1_001 },
  ]);
  expect(look.logs.map(({ broker }) => broker)).toEqual([2, 3]);
  expect(look.logs[0]?.dirs).toMatchObject([
    {
      bytesOfTopics: new Map([
        ["weather", 1_000],
        ["__consumer_offsets", 50],
      ]),
      totalBytes: 100 * gigabyte,
      usableBytes: 2 * gigabyte,
    },
  ]);
});

test("no broker there: no view, every failure named", async () => {
  const { addresses } = await cluster(2);
  await Promise.all(open.splice(0).map((broker) => broker.close()));
  const look = await lookAtCluster({ addresses, ...options });
  expect(look).toMatchObject({ view: undefined, logs: [], ends: [] });
  expect(look.failures).toEqual(
    addresses.map((address) => expect.stringMatching(`^${address}: .*ECONNREFUSED`) as string),
  );
});

test("the figures of a look, and what is unknown is left out of the next ones", async () => {
  const { addresses } = await cluster(3, 1);
  const metrics = new Metrics();
  let now = 0;
  const show = clusterFigures(metrics, ["weather"], () => now);
  const samples = () =>
    metrics
      .text()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace("weather_kafka_", ""));
  const look = await lookAtCluster({ addresses, ...options });
  const minIsrOf = new Map([["weather", 2]]);
  show(look, minIsrOf);
  now = 4_500;
  show(look, minIsrOf);
  expect(samples()).toEqual([
    "brokers 2",
    "controller_leader 2",
    'controller_lag{controller="1"} 60',
    'controller_lag{controller="2"} 0',
    'controller_lag{controller="3"} 0',
    "under_replicated_partitions 3",
    "under_min_isr_partitions 2",
    "offline_partitions 1",
    "under_replicated_seconds 4.5",
    'end_offset{topic="weather",partition="0"} 1000',
    'end_offset{topic="weather",partition="1"} 1001',
    'recent_dead_letters{topic="weather"} 10',
    'topic_bytes{topic="weather",broker="2"} 1000',
    'topic_bytes{topic="__consumer_offsets",broker="2"} 50',
    'topic_bytes{topic="weather",broker="3"} 1000',
    'topic_bytes{topic="__consumer_offsets",broker="3"} 50',
    'log_bytes{broker="2"} 1050',
    'log_bytes{broker="3"} 1050',
    'disk_total_bytes{broker="2"} 100000000000',
    'disk_total_bytes{broker="3"} 100000000000',
    'disk_usable_bytes{broker="2"} 2000000000',
    'disk_usable_bytes{broker="3"} 3000000000',
    'disk_usable_percent{broker="2"} 2',
    'disk_usable_percent{broker="3"} 3',
  ]);
  now = 10_000;
  show({ view: undefined, logs: [], ends: [], failures: ["all gone"] }, minIsrOf);
  expect(samples()).toEqual(["brokers 0", "controller_leader -1", "under_replicated_seconds 10"]);
  const whole = look.view?.partitions.map((one) => ({ ...one, isr: one.replicas })) ?? [];
  show({ ...look, ...(look.view && { view: { ...look.view, partitions: whole } }) }, minIsrOf);
  expect(samples()).toContain("under_replicated_seconds 0");
});
