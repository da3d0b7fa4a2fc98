import { type KafkaMessage } from "kafkajs";
import { type OutgoingRecord } from "../shared/sender";

/** A record as a line of JSON: offset, milliseconds since 1970, key, value, headers. Every byte is a character (Latin-1). */
type Line = [
  offset: string,
  timestampMs: number,
  key: string | null,
  value: string | null,
  headers: [name: string, content: string | null][],
];

const textOf = (content: Buffer | string | null | undefined): string | null =>
  content === null || content === undefined ? null : Buffer.from(content).toString("latin1");
const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, "latin1"));

/** A record as it stands in a backup, with its line break. */
export function recordLine({ offset, timestamp, key, value, headers }: KafkaMessage): string {
  const line: Line = [
    offset,
    Number(timestamp),
    textOf(key),
    textOf(value),
    Object.entries(headers ?? {}).flatMap(([name, content]) =>
      (Array.isArray(content) ? content : [content]).map((one): [string, string | null] => [
        name,
        textOf(one),
      ]),
    ),
  ];
  return `${JSON.stringify(line)}\n`;
}

/** A record of a backup and the offset that it had. */
export interface StoredRecord {
  readonly offset: bigint;
  readonly record: OutgoingRecord;
}

/** The records in a part of a backup, each for the partition that it came from. */
export function recordsIn(part: Buffer, partition: number): StoredRecord[] {
  return part
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((text) => {
      const [offset, timestampMs, key, value, pairs] = JSON.parse(text) as Line;
      const headers: Record<string, (Buffer | string)[]> = {};
      for (const [name, content] of pairs) (headers[name] ??= []).push(bytesOf(content) ?? "");
      return {
        offset: BigInt(offset),
        record: { partition, key: bytesOf(key), value: bytesOf(value), headers, timestampMs },
      };
    });
}
