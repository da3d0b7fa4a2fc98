import { Kafka, logLevel } from "kafkajs";
import { Sender } from "../../apps/shared/sender";
import { type PipelineOutputs } from "../../components/outputs";

/** What a load came to. */
export interface LoadReport {
  acknowledged: number;
  /** Acknowledged and not in the topic. */
  lost: number;
  /** In the topic more than once. */
  doubled: number;
  /** Longest time between two acknowledgements. */
  longestPauseMs: number;
}

/** Sends records with acks=all, in batches one after the other, by the programs' own sender, and remembers which were acknowledged. */
export class AcknowledgedLoad {
  private readonly kafka: Kafka;
  private readonly acknowledged = new Set<string>();
  private readonly sender: Sender;
  private readonly run = `${Date.now()}`;
  private ended = false;
  private longestPauseMs = 0;
  private sending: Promise<void> | undefined;

  constructor(
    { kafka, kafkaTls }: Pick<PipelineOutputs, "kafka" | "kafkaTls">,
    private readonly topic: string,
  ) {
    // As the programs' own clients are (apps/shared/kafka.ts).
    this.kafka = new Kafka({
      clientId: "acknowledged-load",
      brokers: kafka.bootstrapServers,
      ...(kafkaTls && { ssl: kafkaTls }),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      requestTimeout: 15_000,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    });
    this.sender = new Sender(this.kafka);
  }

  /** A load on a topic of its own, made with 4 partitions, 3 replicas and min ISR 2. */
  static async onNewTopic(outputs: Pick<PipelineOutputs, "kafka" | "kafkaTls">): Promise<AcknowledgedLoad> {
    const topic = `load-${Date.now()}`;
    const load = new AcknowledgedLoad(outputs, topic);
    const admin = load.kafka.admin();
    await admin.connect();
    const configEntries = [{ name: "min.insync.replicas", value: "2" }];
    await admin.createTopics({ topics: [{ topic, numPartitions: 4, replicationFactor: 3, configEntries }] });
    await admin.disconnect();
    return load;
  }

  /** Begins to send; resolves once the first batch has been acknowledged. */
  async start(): Promise<void> {
    await this.sendBatch(0);
    this.sending = this.go();
  }

  private async go(): Promise<void> {
    let last = Date.now();
    for (let batch = 1; !this.ended; batch++) {
      try {
        await this.sendBatch(batch);
        this.longestPauseMs = Math.max(this.longestPauseMs, Date.now() - last);
        last = Date.now();
      } catch {
        // What wasn't acknowledged may be lost; the next batch shows how long nothing could be written.
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async sendBatch(batch: number): Promise<void> {
    const ids = Array.from({ length: 20 }, (_, index) => `${this.run}-${batch}-${index}`);
    await this.sender.send(
      this.topic,
      ids.map((id) => ({ key: id, value: id, headers: {} })),
    );
    for (const id of ids) this.acknowledged.add(id);
  }

  /** Ends the load, reads the whole topic back, and compares. */
  async finish(): Promise<LoadReport> {
    this.ended = true;
    await this.sending;
    await this.sender.close();
    const found = new Map<string, number>();
    const admin = this.kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(this.topic);
    const left = new Map(ends.map(({ partition, high, low }) => [partition, Number(high) - Number(low)]));
    const consumer = this.kafka.consumer({ groupId: `acknowledged-load-${this.run}` });
    await consumer.connect();
    await consumer.subscribe({ topic: this.topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      consumer
        .run({
          eachMessage: ({ partition, message }) => {
            const id = String(message.value);
            found.set(id, (found.get(id) ?? 0) + 1);
            left.set(partition, (left.get(partition) ?? 0) - 1);
            if ([...left.values()].every((count) => count <= 0)) resolve();
            return Promise.resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    await admin.disconnect();
    return {
      acknowledged: this.acknowledged.size,
      lost: [...this.acknowledged].filter((id) => !found.has(id)).length,
      doubled: [...this.acknowledged].filter((id) => (found.get(id) ?? 0) > 1).length,
      longestPauseMs: this.longestPauseMs,
    };
  }
}
