import { type Admin, type Kafka } from "kafkajs";
import { type CommittedOffset, type TopicOffsets } from "./analysis";

/** The offsets of a topic and of one group in it. Each question has a connection of its own: they are rare. */
export class KafkaOffsets implements TopicOffsets {
  constructor(
    private readonly kafka: Kafka,
    private readonly groupId: string,
    private readonly topic: string,
  ) {}

  committed(): Promise<ReadonlyMap<number, CommittedOffset>> {
    return this.#ask(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: this.groupId, topics: [this.topic] });
      return new Map(
        found?.partitions.map(({ partition, offset, metadata }) => [
          partition,
          // Below 0 it says "none", or where to begin.
          { offset: BigInt(offset) < 0n ? undefined : BigInt(offset), metadata },
        ]),
      );
    });
  }

  from(timeMs: number): Promise<ReadonlyMap<number, bigint>> {
    return this.#ask(async (admin) => {
      const starts = await admin.fetchTopicOffsetsByTimestamp(this.topic, timeMs);
      return new Map(starts.map(({ partition, offset }) => [partition, BigInt(offset)]));
    });
  }

  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    await admin.connect();
    try {
      return await question(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
