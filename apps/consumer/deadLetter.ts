import { type KafkaMessage } from "kafkajs";
import { header } from "../shared/message";
import { type OutgoingRecord } from "../shared/sender";

/** With the headers added, a record as long as the broker allows (1 MiB) would not fit any more. */
const maxValueBytes = 900_000;
const maxKeyAndHeaderBytes = 50_000;

/**
 * The record by which a message that can't be used is kept: its key, value, time and headers, and besides `reason`, `source-topic`,
 * `source-partition` and `source-offset`. A value over 900 kB is cut; key and headers are left out where they exceed 50 kB: the
 * source tells where the whole record stands.
 */
export function deadLetterOf(
  topic: string,
  partition: number,
  message: KafkaMessage,
  reason: string,
): OutgoingRecord {
  const value = message.value ?? Buffer.alloc(0);
  const key = message.key?.toString("utf8") ?? "";
  const isBulky =
    Buffer.byteLength(key) + JSON.stringify(message.headers ?? {}).length > maxKeyAndHeaderBytes;
  return {
    key: isBulky ? "" : key,
    value: value.length > maxValueBytes ? value.subarray(0, maxValueBytes) : value,
    headers: {
      ...(!isBulky && message.headers),
      [header.reason]: reason,
      "source-topic": topic,
      "source-partition": String(partition),
      "source-offset": message.offset,
    },
    timestampMs: Number(message.timestamp),
  };
}
