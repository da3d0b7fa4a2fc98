import { type EachBatchPayload } from "kafkajs";
import { attemptOf, deadLetterOf, type SourceRecord } from "../shared/set-aside";
import { type AnomalyEffect, type Owed, owedOf, type Settled } from "./anomaly-effect";

/**
 * Takes up what is due of a batch of the retry topic; at the first record that isn't, the partition rests until it is. A record
 * so waits at most `maxDelayMs` longer than it would alone.
 */
export async function takeRetries(
  {
    batch,
    resolveOffset,
    commitOffsetsIfNecessary,
    pause,
    heartbeat,
  }: Pick<EachBatchPayload, "batch" | "resolveOffset" | "commitOffsetsIfNecessary" | "pause" | "heartbeat">,
  effect: AnomalyEffect,
  maxDelayMs: number,
  keep: (settled: Settled) => Promise<void>,
): Promise<void> {
  const now = Date.now();
  const { topic, partition } = batch;
  const sources = batch.messages.map((message): SourceRecord => ({ topic, partition, message }));
  const waits = sources.map(({ message }) => Math.min(attemptOf(message.headers).dueMs - now, maxDelayMs));
  const firstWaiting = waits.findIndex((waitMs) => waitMs > 0);
  const due = firstWaiting === -1 ? sources : sources.slice(0, firstWaiting);

  const owed: Owed[] = [];
  const unreadable: SourceRecord[] = [];
  for (const source of due) {
    const one = owedOf(source, attemptOf(source.message.headers).attempts);
    if (one) owed.push(one);
    else unreadable.push(source);
  }
  const settled = await effect.settle(owed);
  const poison = unreadable.map((source) =>
    deadLetterOf(source, "a record of the retry topic names no anomalies"),
  );
  await keep({ ...settled, deadLetters: [...settled.deadLetters, ...poison] });
  const last = due.at(-1)?.message.offset;
  if (last !== undefined) {
    resolveOffset(last);
    const offset = String(BigInt(last) + 1n);
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
  }
  if (firstWaiting !== -1) setTimeout(pause(), waits[firstWaiting]).unref();
  await heartbeat();
}
