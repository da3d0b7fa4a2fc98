import { type Kafka } from "kafkajs";
import { readRanges } from "../../apps/shared/topicReader";
import { reasonOf } from "../../apps/shared/log";
import { header, schemaVersion } from "../../apps/shared/message";
import { partitionForKey, Sender } from "../../apps/shared/sender";
import { type PipelineOutputs } from "../../components/outputs";
import { brokerAnswers, minInsyncReplicas } from "../live/brokers";
import { deployersKafka } from "../live/kafka-client";
import { Ledger } from "./ledger";
import { Observations } from "./observations";

/** How often each partition is sent what has fallen due. */
const everyMs = 50;

/**
 * Weather messages straight to Kafka, with acks=all, by the sender that the programs use.
 *
 * They go to a topic of their own, laid out as `weather` is: in `weather` itself they would be in the way of the producer, for which
 * the topic is its memory. One station a partition, so that each has a pause of its own.
 */
export class KafkaLoad {
  readonly ledger: Ledger;
  /** Why a send failed for good, last one; what it held counts as not acknowledged. */
  refused: string | undefined;
  private readonly sender: Sender;

  private constructor(
    private readonly kafka: Kafka,
    readonly topic: string,
    private readonly observations: Observations,
    startMs: number,
  ) {
    this.sender = new Sender(kafka);
    this.ledger = new Ledger(observations.stations.length, startMs);
  }

  /** Makes the topic. @throws Error where the cluster doesn't answer or has no topic `weather`. */
  static async open(outputs: PipelineOutputs, run: string, messagesPerSecond: number): Promise<KafkaLoad> {
    const views = (await brokerAnswers(outputs)).flatMap((answer) => ("view" in answer ? [answer.view] : []));
    const model = (views[0]?.partitions ?? []).filter(({ topic }) => topic === "weather");
    const replicationFactor = model[0]?.replicas.length;
    if (replicationFactor === undefined) throw new Error("the cluster has no topic weather");
    const minIsr = (await minInsyncReplicas(outputs, ["weather"])).get("weather") ?? 1;
    const kafka = deployersKafka(outputs, "weather-chaos");
    const topic = `weather-${run}`;
    const admin = kafka.admin();
    await admin.connect();
    try {
      await admin.createTopics({
        waitForLeaders: true,
        topics: [
          {
            topic,
            numPartitions: model.length,
            replicationFactor,
            configEntries: [{ name: "min.insync.replicas", value: String(minIsr) }],
          },
        ],
      });
    } finally {
      await admin.disconnect();
    }
    const stations = Array.from({ length: model.length }, (_, partition) =>
      stationOf(run, topic, partition, model.length),
    );
    const startMs = Date.now();
    return new KafkaLoad(kafka, topic, new Observations(stations, startMs, messagesPerSecond), startMs);
  }

  /** Sends until the signal; resolves once all that was sent is acknowledged. */
  async run(stop: AbortSignal): Promise<void> {
    await Promise.all(this.observations.stations.map((_, station) => this.keepSending(station, stop)));
  }

  private async keepSending(station: number, stop: AbortSignal): Promise<void> {
    for (let next = 0; !stop.aborted;) {
      const due = this.observations.dueAt(Date.now());
      if (due > next) {
        const records = Array.from({ length: due - next }, (_, index) => {
          const point = this.observations.at(station, next + index);
          const { station: name, timeNs, ...weather } = point;
          return {
            key: name,
            value: JSON.stringify({ station: name, time: isoOf(timeNs), ...weather }),
            headers: {
              [header.schemaVersion]: schemaVersion,
              [header.messageId]: this.observations.idOf(point),
            },
            timestampMs: Number(timeNs / 1_000_000n),
          };
        });
        try {
          await this.sender.send(this.topic, records);
          this.ledger.acknowledge(station, next, due, Date.now());
        } catch (error) {
          this.refused = reasonOf(error);
        }
        next = due;
      }
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  /** Reads all that the topic holds into the ledger. */
  async collect(signal: AbortSignal): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      const ends = await admin.fetchTopicOffsets(this.topic);
      const ranges = ends.map(({ partition, low, high }) => ({
        ...{ topic: this.topic, partition, start: BigInt(low), end: BigInt(high) },
      }));
      await readRanges(
        this.kafka,
        "weather-chaos-",
        ranges,
        (_topic, _partition, records) => {
          for (const { headers } of records) {
            const found = this.observations.find(headers?.[header.messageId]?.toString() ?? "");
            if (found) this.ledger.arrive(found.station, found.number);
          }
        },
        signal,
      );
    } finally {
      await admin.disconnect();
    }
  }

  /** Disconnects, and removes the topic. */
  async close(): Promise<void> {
    await this.sender.close();
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      await admin.deleteTopics({ topics: [this.topic] });
    } finally {
      await admin.disconnect();
    }
  }
}

/** The first station name of the run that the partitioner leads to the partition. */
function stationOf(run: string, topic: string, partition: number, partitions: number): string {
  for (let number = 1; ; number++) {
    const name = `${run}-${number}`;
    if (partitionForKey(topic, name, partitions) === partition) return name;
  }
}

function isoOf(timeNs: bigint): string {
  const second = new Date(Number(timeNs / 1_000_000n)).toISOString().slice(0, 19);
  return `${second}.${String(timeNs % 1_000_000_000n).padStart(9, "0")}Z`;
}
