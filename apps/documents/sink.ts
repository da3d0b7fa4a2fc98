import { setTimeout as delay } from "node:timers/promises";
import { type Batch, type EachBatchPayload } from "kafkajs";
import { untilDone } from "../shared/retry";
import { documentsOf, type WeatherDocument } from "./document";

/** Messages in one write, and between two commits. */
const messagesPerWrite = 1_000;

/** The group hears of a member that waits for its database this often: well within a session. */
const signOfLifeMs = 1_000;

type Flow = Pick<
  EachBatchPayload,
  "resolveOffset" | "heartbeat" | "isRunning" | "isStale" | "commitOffsetsIfNecessary"
>;

export interface SinkOptions {
  /** Resolves once the database has acknowledged all; may be called again with the same documents. */
  write(documents: readonly WeatherDocument[]): Promise<void>;
  /** Told once the group has committed. */
  kept(figures: { documents: number; unusable: number; partition: number; lag: number }): void;
  /** Told each write that failed; it is done again after the wait. */
  failed(reason: string, retryInMs: number): void;
  /** Aborted when the program is to end. */
  stop: AbortSignal;
}

/**
 * Takes messages of the topic into the collection, and commits what the database has acknowledged, never more: at least once, and
 * since a document is known by its message's id, once in effect.
 */
export class Sink {
  constructor(private readonly options: SinkOptions) {}

  async take(
    batch: Pick<Batch, "topic" | "partition" | "messages" | "highWatermark">,
    flow: Flow,
  ): Promise<void> {
    const { topic, partition, messages, highWatermark } = batch;
    for (let i = 0; i < messages.length && flow.isRunning() && !flow.isStale(); i += messagesPerWrite) {
      const part = messages.slice(i, i + messagesPerWrite);
      const { documents, unusable } = documentsOf(part);
      if (documents.length > 0 && !(await this.#written(documents, flow))) return;
      const last = part.at(-1)?.offset;
      if (last === undefined) return;
      flow.resolveOffset(last);
      const offset = String(BigInt(last) + 1n);
      await flow.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
      const lag = Math.max(0, Number(BigInt(highWatermark) - BigInt(offset)));
      this.options.kept({ documents: documents.length, unusable, partition, lag });
      await flow.heartbeat();
    }
  }

  /** Writes until it is acknowledged, with signs of life to the group meanwhile; false where the program or the assignment ended first. */
  async #written(documents: readonly WeatherDocument[], flow: Flow): Promise<boolean> {
    const given = new AbortController();
    const ends = AbortSignal.any([this.options.stop, given.signal]);
    const writing = untilDone(
      () => this.options.write(documents).then(() => true),
      ends,
      (reason, retryInMs) => {
        this.options.failed(reason, retryInMs);
      },
    );
    try {
      for (;;) {
        const written = await Promise.race([writing, delay(signOfLifeMs, "waiting" as const)]);
        if (written !== "waiting") return written === true;
        await flow.heartbeat();
        if (flow.isStale() || !flow.isRunning()) return false;
      }
    } finally {
      // A rebalance ends the wait by an error of the heartbeat: whoever has the partition then writes it.
      given.abort();
    }
  }
}
