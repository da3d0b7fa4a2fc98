import { type Admin, type IHeaders, type Kafka, type Message, Partitioners, type Producer } from "kafkajs";

/** A record to be sent. Its key decides the partition, as in every client that follows Java's default partitioner, unless it names one. */
export interface OutgoingRecord {
  /** Without a key, and where no partition is named, partitions take turns. */
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** Where it goes whatever its key. Default: by the key. */
  readonly partition?: number;
  readonly headers: IHeaders;
  /** Milliseconds since 1970. Default: the time of sending. */
  readonly timestampMs?: number;
}

/** Under Kafka's default `message.max.bytes` (1,048,588), with room for the batch's own header. */
const maxBatchBytes = 900_000;
/**
 * kafkajs copies a batch once for each record in it (groupMessagesPerPartition), so a batch must not be large; 250 and 1,000 took the
 * same CPU a message when measured. As only one is under way in a partition, a small one is bound by the brokers' time to answer.
 */
const maxBatchRecords = 1_000;
/** How long the number of partitions of a topic is believed. */
const partitionCountMs = 60_000;

/** A kafkajs producer and its unfinished sends. One that failed a send is not used again. */
interface Incarnation {
  readonly producer: Promise<Producer>;
  sends: number;
  retired: boolean;
}

const partitionOf = Partitioners.DefaultPartitioner();

/** The partition of a key among `partitions`: murmur2, as Java's and kafkajs' default partitioners choose it. */
export function partitionForKey(topic: string, key: string | Buffer, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return partitionOf({ topic, partitionMetadata, message: { key, value: "" } });
}

/** Splits records, in order, into batches that one request may carry. A record too long by itself stands alone. */
export function batchesOf(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
  const batches: OutgoingRecord[][] = [];
  let batch: OutgoingRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (batch.length > 0 && (bytes + size > maxBatchBytes || batch.length === maxBatchRecords)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = 30 + Buffer.byteLength(key ?? "") + Buffer.byteLength(value ?? "");
  for (const [name, content] of Object.entries(headers)) {
    for (const one of Array.isArray(content) ? content : [content ?? ""])
      bytes += 6 + Buffer.byteLength(name) + Buffer.byteLength(one);
  }
  return bytes;
}

/**
 * The one way records leave for Kafka.
 *
 * kafkajs 2.2.4 loses acknowledged messages of a send that spans partitions (tulios/kafkajs#1303), so each send here names one
 * partition, and partitions go side by side. Within a partition one send follows the other: kafkajs numbers a batch when it goes
 * out, and a batch that overtakes one under retry would take its number and be dropped by the broker as a repeat.
 */
export class Sender {
  readonly #kafka: Kafka;
  #incarnation: Incarnation | undefined;
  #admin: Promise<Admin> | undefined;
  readonly #partitionCounts = new Map<string, { count: number; until: number }>();
  readonly #partitions = new Map<string, number>();
  readonly #tails = new Map<string, Promise<void>>();
  #turn = 0;

  constructor(kafka: Kafka) {
    this.#kafka = kafka;
  }

  /**
   * Sends records, in order within each partition. Resolves once every in-sync replica has all of them. Connections and leaders
   * that are away are waited for without end.
   *
   * @throws where Kafka refuses for good (no permission, a record too long): then some of the records may have been written.
   */
  async send(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    const count = await this.#partitionCount(topic);
    const byPartition = new Map<number, OutgoingRecord[]>();
    for (const record of records) {
      const partition = record.partition ?? this.#partition(topic, record.key, count);
      const list = byPartition.get(partition);
      if (list) list.push(record);
      else byPartition.set(partition, [record]);
    }
    const outcomes = await Promise.allSettled(
      Array.from(byPartition, ([partition, list]) => this.#enqueue(topic, partition, list)),
    );
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure) throw failure.reason;
  }

  /** Waits for what is under way, then disconnects. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#tails.values());
    await Promise.allSettled([
      this.#incarnation?.producer.then((producer) => producer.disconnect()),
      this.#admin?.then((admin) => admin.disconnect()),
    ]);
  }

  #enqueue(topic: string, partition: number, records: readonly OutgoingRecord[]): Promise<void> {
    const key = `${topic}/${partition}`;
    const sent = (this.#tails.get(key) ?? Promise.resolve()).then(async () => {
      for (const batch of batchesOf(records)) await this.#sendBatch(topic, partition, batch);
    });
    this.#tails.set(
      key,
      sent.catch(() => undefined),
    );
    return sent;
  }

  async #sendBatch(topic: string, partition: number, batch: readonly OutgoingRecord[]): Promise<void> {
    const messages = batch.map(({ key, value, headers, timestampMs }): Message => ({
      key,
      value,
      headers,
      partition,
      ...(timestampMs !== undefined && { timestamp: String(timestampMs) }),
    }));
    const incarnation = (this.#incarnation ??= { producer: this.#connect(), sends: 0, retired: false });
    incarnation.sends++;
    try {
      const producer = await incarnation.producer;
      await producer.send({ topic, messages, acks: -1, timeout: 10_000 });
    } catch (error) {
      // Its numbering is no longer sure to agree with the broker's.
      incarnation.retired = true;
      if (this.#incarnation === incarnation) this.#incarnation = undefined;
      throw error;
    } finally {
      incarnation.sends--;
      if (incarnation.retired && incarnation.sends === 0) {
        incarnation.producer.then((producer) => producer.disconnect()).catch(() => undefined);
      }
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: Number.MAX_SAFE_INTEGER },
    });
    await producer.connect();
    return producer;
  }

  #partition(topic: string, key: string | Buffer | null, count: number): number {
    if (key === null) return this.#turn++ % count;
    if (typeof key !== "string") return partitionForKey(topic, key, count);
    const id = `${topic}/${count}/${key}`;
    const known = this.#partitions.get(id);
    if (known !== undefined) return known;
    const partition = partitionForKey(topic, key, count);
    if (this.#partitions.size >= 100_000) this.#partitions.clear();
    this.#partitions.set(id, partition);
    return partition;
  }

  async #partitionCount(topic: string): Promise<number> {
    const known = this.#partitionCounts.get(topic);
    if (known && known.until > Date.now()) return known.count;
    try {
      const admin = await (this.#admin ??= this.#connectAdmin());
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = topics.find(({ name }) => name === topic)?.partitions.length ?? 0;
      if (count === 0) throw new Error(`topic ${topic} has no partitions yet`);
      this.#partitionCounts.set(topic, { count, until: Date.now() + partitionCountMs });
      return count;
    } catch (error) {
      this.#admin?.then((admin) => admin.disconnect()).catch(() => undefined);
      this.#admin = undefined;
      // The leaders may be away for a while; the number of partitions stays.
      if (known) return known.count;
      throw error;
    }
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = this.#kafka.admin();
    await admin.connect();
    return admin;
  }
}
