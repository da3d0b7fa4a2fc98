import { setTimeout as delay } from "node:timers/promises";
import { type Admin, type Kafka } from "kafkajs";
import { reasonOf } from "../shared/log";
import { type OutgoingRecord, Sender } from "../shared/sender";
import { topicShape } from "./kafka-backup";
import { type Manifest, messagesIn, type Restored, type TopicManifest } from "./manifest";
import { recordsIn } from "./records";

/** A group whose members have been stopped is empty by then. */
const emptyWithinMs = 60_000;

/** Records sent at a time to fill the place of those that were gone when the backup was made. */
const fillersAtATime = 10_000;

/** What stands against putting a backup's topics into a cluster as it is. */
export interface KafkaFindings {
  /** Topics of the backup that hold messages, with their number. */
  readonly filled: readonly { topic: string; messages: number }[];
  /** What can't be restored at all. */
  readonly impossible: readonly string[];
}

/** Looks at a cluster before its topics are restored; nothing is changed. */
export async function findingsInKafka(kafka: Kafka, { kafka: backup }: Manifest): Promise<KafkaFindings> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const present = new Set(await admin.listTopics());
    const filled: { topic: string; messages: number }[] = [];
    const impossible: string[] = [];
    for (const { name, partitions } of backup.topics) {
      if (!present.has(name)) continue;
      const offsets = await admin.fetchTopicOffsets(name);
      if (offsets.length < partitions.length)
        impossible.push(
          `topic ${name} has ${partitions.length} partitions in the backup and ${offsets.length} here: declare as many or more`,
        );
      // A topic that was filled once and is empty now begins at a later offset.
      const messages = offsets.reduce((sum, { high }) => sum + Number(high), 0);
      if (messages > 0) filled.push({ topic: name, messages });
    }
    return { filled, impossible };
  } finally {
    await admin.disconnect();
  }
}

/** A partition while it is being restored. */
interface Progress {
  readonly topic: string;
  readonly partition: number;
  /** Offset that the first record had. */
  readonly start: bigint;
  /** Offset that the next record gets. */
  next: bigint;
  /** What is being sent. */
  sending: Promise<void>;
  /** Where each group stood, and where it stands in what was restored so far. */
  readonly places: { readonly group: string; readonly committed: bigint; restored: bigint }[];
}

/**
 * Puts the records of a backup back at their offsets, partition by partition, then the groups' offsets.
 *
 * Topics that hold messages are deleted and made anew first, as they are configured here; those that the environment lacks are made
 * as the backup has them. Offsets before the first record are taken by empty records that are deleted at once. Only where the records
 * themselves had gaps (compaction, transactions) do those behind a gap move up, and the groups' offsets with them.
 */
export class KafkaRestore {
  readonly #progress = new Map<string, Progress>();

  private constructor(
    private readonly admin: Admin,
    private readonly sender: Sender,
    private readonly backup: Manifest["kafka"],
  ) {
    for (const { name, partitions } of backup.topics) {
      for (const { partition, start } of partitions) {
        this.#progress.set(`${name}/${partition}`, {
          topic: name,
          partition,
          start: BigInt(start),
          next: BigInt(start),
          sending: Promise.resolve(),
          places: [],
        });
      }
    }
    for (const { group, topics } of backup.groups) {
      for (const { topic, partitions } of topics) {
        for (const { partition, offset } of partitions) {
          const committed = BigInt(offset);
          this.#progress.get(`${topic}/${partition}`)?.places.push({ group, committed, restored: committed });
        }
      }
    }
  }

  /** Makes the topics ready. @throws Error where one can't be made. */
  static async begin(kafka: Kafka, { kafka: backup }: Manifest): Promise<KafkaRestore> {
    const admin = kafka.admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    for (const topic of backup.topics) await makeReady(admin, topic, brokers.length);
    return new KafkaRestore(admin, new Sender(kafka), backup);
  }

  /** Restores the records of one part, in order. It may still be sending one part of each partition when this returns. */
  async add(topic: string, partition: number, part: Buffer): Promise<void> {
    const progress = this.#progress.get(`${topic}/${partition}`);
    if (!progress) throw new Error(`the manifest has no partition ${partition} of ${topic}`);
    const stored = recordsIn(part, partition);
    await progress.sending;
    const [first] = stored;
    if (progress.next === progress.start && first)
      await this.#fillUpTo(progress, first.record.timestampMs ?? 0);
    for (const { offset } of stored) {
      progress.next++;
      for (const place of progress.places) if (offset < place.committed) place.restored = progress.next;
    }
    progress.sending = this.sender.send(
      topic,
      stored.map(({ record }) => record),
    );
    // Its failure is met by whoever awaits it next.
    progress.sending.catch(() => undefined);
  }

  /**
   * Waits for what is being sent, restores the groups' offsets, and compares what the cluster holds now.
   *
   * @returns messages of each topic that were saved, and those that it holds now.
   * @throws Error where an offset differs.
   */
  async finish(): Promise<Restored[]> {
    try {
      for (const progress of this.#progress.values()) {
        await progress.sending;
        // Empty when the backup was made, and not from its beginning.
        if (progress.next === progress.start && progress.start > 0n) await this.#fillUpTo(progress, 0);
      }
      for (const { group, topics } of this.backup.groups)
        for (const { topic } of topics) await this.#restorePlaces(group, topic);
      return await this.#compare();
    } finally {
      await Promise.allSettled([this.sender.close(), this.admin.disconnect()]);
    }
  }

  /** Takes the offsets before the first record. The fillers' time is the first record's, or the brokers' time index would lead astray. */
  async #fillUpTo({ topic, partition, start }: Progress, timestampMs: number): Promise<void> {
    if (start === 0n) return;
    const filler: OutgoingRecord = { partition, key: null, value: null, headers: {}, timestampMs };
    for (let left = start; left > 0n; left -= BigInt(fillersAtATime)) {
      const count = left < fillersAtATime ? Number(left) : fillersAtATime;
      await this.sender.send(
        topic,
        Array.from({ length: count }, () => filler),
      );
    }
    // kafkajs knows only the leaders of topics that it was asked about before.
    await this.admin.fetchTopicOffsets(topic);
    await this.admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(start) }] });
  }

  async #restorePlaces(group: string, topic: string): Promise<void> {
    const partitions = [...this.#progress.values()]
      .filter((progress) => progress.topic === topic)
      .flatMap(({ partition, places }) =>
        places
          .filter((place) => place.group === group)
          .map(({ restored }) => ({ partition, offset: String(restored) })),
      );
    if (partitions.length > 0)
      await this.#whileEmpty(() => this.admin.setOffsets({ groupId: group, topic, partitions }));
  }

  /** A member that was stopped as it joined stays in its group until its session ends: 10 s for the consumer, 45 s for Telegraf. */
  async #whileEmpty(work: () => Promise<unknown>): Promise<void> {
    for (const deadline = Date.now() + emptyWithinMs; ;) {
      try {
        await work();
        return;
      } catch (error) {
        if (Date.now() > deadline || !/must have no running instances/.test(String(error))) throw error;
      }
      await delay(1_000);
    }
  }

  async #compare(): Promise<Restored[]> {
    const faults: string[] = [];
    const restored: Restored[] = [];
    for (const topic of this.backup.topics) {
      const { name } = topic;
      let now = 0;
      for (const { partition, low, high } of await this.admin.fetchTopicOffsets(name)) {
        now += Number(high) - Number(low);
        const { start, next } = this.#progress.get(`${name}/${partition}`) ?? { start: 0n, next: 0n };
        if (BigInt(low) < start || BigInt(high) !== next)
          faults.push(`${name}/${partition} holds ${low} to ${high} instead of ${start} to ${next}`);
      }
      restored.push({ what: `topic ${name}`, saved: messagesIn(topic), restored: now });
    }
    if (faults.length > 0) throw new Error(`Kafka doesn't hold what the backup does: ${faults.join("; ")}`);
    return restored;
  }
}

/** Makes a topic, or makes one that was ever written to anew, with the partitions and the configuration that it has here. */
async function makeReady(admin: Admin, backup: TopicManifest, brokers: number): Promise<void> {
  const { name } = backup;
  let shape = {
    partitions: backup.partitions.length,
    replicationFactor: Math.min(backup.replicationFactor, brokers),
    config: backup.config,
  };
  if ((await admin.listTopics()).includes(name)) {
    const offsets = await admin.fetchTopicOffsets(name);
    if (offsets.every(({ high }) => high === "0")) return;
    shape = { partitions: offsets.length, ...(await topicShape(admin, name)) };
    await admin.deleteTopics({ topics: [name] });
  }
  await within(30_000, `topic ${name} can't be made`, () =>
    admin.createTopics({
      // kafkajs waits by asking brokers that may not know the topic yet, and gives up on their answer.
      waitForLeaders: false,
      topics: [
        {
          topic: name,
          numPartitions: shape.partitions,
          replicationFactor: shape.replicationFactor,
          configEntries: Object.entries(shape.config).map(([key, value]) => ({ name: key, value })),
        },
      ],
    }),
  );
  await within(30_000, `topic ${name} has no leaders`, async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics[0]?.partitions.every(({ leader }) => leader >= 0) === true;
  });
}

/** Asks again until the answer is yes. @throws Error where it isn't in time. */
async function within(limitMs: number, otherwise: string, ask: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + limitMs;
  let last: unknown;
  do {
    try {
      if (await ask()) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  } while (Date.now() < deadline);
  throw new Error(
    `${otherwise} within ${limitMs / 1_000} s${last === undefined ? "" : `: ${reasonOf(last)}`}`,
  );
}
