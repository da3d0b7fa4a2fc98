import { setTimeout as delay } from "node:timers/promises";
import { type Admin, type Kafka } from "kafkajs";
import { topicConfig } from "../../components/kafka/topic";
import { sleep } from "../../apps/shared/retry";
import { type Count } from "./report";

/** How often a topic's end is looked at while it is waited for. */
const lookEveryMs = 50;

/** How long a new topic may take to be there. */
const answersWithinMs = 30_000;

/** Topics of the measurements, each as the pipeline's own are made: three replicas, two of them in sync at least. */
export class Topics {
  readonly #made: string[] = [];

  private constructor(readonly admin: Admin) {}

  static async open(kafka: Kafka): Promise<Topics> {
    const admin = kafka.admin();
    await admin.connect();
    return new Topics(admin);
  }

  /** Creates topics, and returns once the leader of every partition answers for it. */
  async create(names: readonly string[], partitions = 4): Promise<void> {
    const config = { ...topicConfig({ name: "", partitions }, 2), "file.delete.delay.ms": "1000" };
    await this.admin.createTopics({
      waitForLeaders: false,
      topics: names.map((topic) => ({
        topic,
        numPartitions: partitions,
        replicationFactor: 3,
        configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
      })),
    });
    this.#made.push(...names);
    for (const name of names) await this.#answers(name);
  }

  /** Messages that a topic holds. */
  async held(topic: string): Promise<number> {
    const partitions = await this.admin.fetchTopicOffsets(topic);
    return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  /** Waits until the topic holds so many messages; returns when that was seen, by `performance.now()`. @throws Error when the signal is aborted. */
  async holds(topic: string, messages: number, signal: AbortSignal): Promise<number> {
    for (;;) {
      const held = await this.held(topic);
      if (held >= messages) return performance.now();
      if (signal.aborted) throw new Error(`${topic} held ${held} of ${messages} messages when time was up`);
      await sleep(lookEveryMs, signal);
    }
  }

  /** What the topic holds, beside what it should. @throws Error where these differ: what is lost or doubled is no speed. */
  async counted(topic: string, expected: number): Promise<Count> {
    const held = await this.held(topic);
    if (held !== expected) throw new Error(`${topic} holds ${held} messages, not ${expected}`);
    return { where: topic, expected, held };
  }

  /** Brokers learn of a topic one after the other: until all have, one may say that there is none. */
  async #answers(topic: string): Promise<void> {
    for (const deadline = performance.now() + answersWithinMs; ;) {
      try {
        await this.admin.fetchTopicOffsets(topic);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await delay(lookEveryMs);
      }
    }
  }

  /** Deletes topics with all they hold. */
  async remove(names: readonly string[]): Promise<void> {
    await this.admin.deleteTopics({ topics: [...names] });
    for (const name of names) this.#made.splice(this.#made.indexOf(name), 1);
  }

  /** Deletes what is left, and disconnects. */
  async close(): Promise<void> {
    if (this.#made.length > 0) await this.remove([...this.#made]).catch(() => undefined);
    await this.admin.disconnect();
  }
}
