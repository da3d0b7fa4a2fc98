/**
 * The message that stands in the topics of the weather, for programs of one's own that read or write them.
 *
 * @module pulumi-weather-pipeline/message
 */

import { z } from "zod";
import { bounds, type Measure } from "./measures";

/** One weather observation, as it stands as JSON in the value of a Kafka record. */
export interface WeatherMessage {
  readonly station: string;
  /** ISO 8601, UTC, as precise as it was measured (up to nanoseconds): `2026-01-31T10:00:00.123456789Z`. */
  readonly time: string;
  /** °C */
  readonly temperature: number;
  /** hPa */
  readonly pressure: number;
  /** m/s */
  readonly wind: number;
  /** % */
  readonly humidity?: number;
}

/**
 * Names of all headers that the pipeline puts on its records. Every weather message bears the first two; the others are borne by
 * records that were set aside (see set-aside.ts).
 */
export const header = {
  schemaVersion: "schema-version",
  messageId: "message-id",
  /** Why a record was set aside. */
  reason: "reason",
  sourceTopic: "source-topic",
  sourcePartition: "source-partition",
  sourceOffset: "source-offset",
  /** Time of the record where it stood first, in milliseconds since 1970. */
  sourceTimestamp: "source-timestamp",
  /** Topic that a dead letter is sent to when it is replayed. */
  replayTo: "replay-to",
  /** Number of failed attempts. */
  attempts: "retry-attempts",
  /** When the next attempt is due: ISO 8601. */
  retryAt: "retry-at",
  /** The effect that is still owed: a JSON array of anomalies. */
  anomalies: "anomalies",
} as const;

/** Version of {@link WeatherMessage}, in the header `schema-version`. A released one never changes in a way that breaks a reader. */
export const schemaVersion = "1";

/** A value that is a weather message, or what is wrong with it. */
export type Checked = { readonly message: WeatherMessage } | { readonly fault: string };

const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.(\d{1,9}))?Z$/;

/** The second read last: neighbouring points mostly share theirs, and reading one is dear. */
let lastSecond = { text: "1970-01-01T00:00:00", seconds: 0 };

/** Seconds since 1970 of `2026-01-31T10:00:00`, or undefined where there is no such moment or it lies before 1970. */
function epochSeconds(text: string): number | undefined {
  if (text === lastSecond.text) return lastSecond.seconds;
  const ms = Date.parse(`${text}Z`);
  // Date.parse takes 31 February for 3 March; only a time that reads back the same is one.
  if (!(ms >= 0) || new Date(ms).toISOString().slice(0, 19) !== text) return undefined;
  lastSecond = { text, seconds: ms / 1_000 };
  return lastSecond.seconds;
}

/** Nanoseconds since 1970 as digits, at least 10, or undefined where the text isn't a UTC time from 1970 on. */
export function epochNs(time: string): string | undefined {
  const match = timePattern.exec(time);
  const seconds = match ? epochSeconds(time.slice(0, 19)) : undefined;
  return seconds === undefined ? undefined : `${seconds}${(match?.[1] ?? "").padEnd(9, "0")}`;
}

/** The id of an observation, the same whenever it is sent: two of one station never share their nanosecond. */
export function messageId(station: string, timeNs: string): string {
  return `${station}@${timeNs}`;
}

/** Milliseconds since 1970 of the observation behind an id, or undefined where the text isn't an id. */
export function messageIdTimeMs(id: string): number | undefined {
  const digits = /.@(\d{10,19})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits.slice(0, -6));
}

const measured = (measure: Measure): z.ZodNumber => {
  const [min, max] = bounds[measure];
  const error = ({ input }: { readonly input?: unknown }): string =>
    `${String(input)} is outside ${min}..${max}`;
  return z
    .number({ error: ({ input }) => (input === undefined ? "is missing" : "must be a number") })
    .min(min, { error })
    .max(max, { error });
};

/** {@link WeatherMessage} as a schema. Properties it doesn't know are left alone. */
export const messageSchema = z.looseObject(
  {
    station: z
      .string("must be a name of 1..200 characters")
      .min(1, "must be a name of 1..200 characters")
      .max(200, "must be a name of 1..200 characters"),
    time: z
      .string("must be ISO 8601 in UTC, from 1970 on, such as 2026-01-31T10:00:00Z")
      .refine((time) => epochNs(time) !== undefined, {
        error: "must be ISO 8601 in UTC, from 1970 on, such as 2026-01-31T10:00:00Z",
      }),
    temperature: measured("temperature"),
    pressure: measured("pressure"),
    wind: measured("wind"),
    humidity: measured("humidity").optional(),
  },
  "not a JSON object",
) satisfies z.ZodType<WeatherMessage>;

/** Checks a value against {@link messageSchema}; the first fault is told. */
export function checkMessage(value: unknown): Checked {
  const { data, error } = messageSchema.safeParse(value);
  if (data) return { message: data };
  const [issue] = error.issues;
  return {
    fault: [...(issue?.path.map(String) ?? []), issue?.message ?? "not a weather message"].join(": "),
  };
}

/**
 * What becomes of a value of each version that is read, before it is checked as the current one. A new version is added at the
 * end, and each older one brought up to it, so that old and new messages are read side by side while programs are replaced.
 */
const upgrades: Readonly<Record<string, (value: unknown) => unknown>> = {
  "0": withUtcTime,
  [schemaVersion]: (value) => value,
};

/** The version of a record without the header: written by hand or by a foreign tool. */
const unmarkedVersion = "0";

/** Version 0 may also tell its time in milliseconds since 1970, or with an offset from UTC. */
function withUtcTime(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("time" in value)) return value;
  const { time } = value;
  const hasOffset = typeof time === "string" && /T.*[+-]\d{2}:?\d{2}$/.test(time);
  if (typeof time !== "number" && !hasOffset) return value;
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? value : { ...value, time: date.toISOString() };
}

/** Longest value that is read, in bytes: a weather message has about 110. */
const maxValueBytes = 16_384;

/** Reads the value of a Kafka record, of the version in its header `schema-version`. */
export function decodeMessage(value: Buffer | null, version = unmarkedVersion): Checked {
  const upgrade = Object.hasOwn(upgrades, version) ? upgrades[version] : undefined;
  if (!upgrade) {
    return {
      fault: `schema-version: ${JSON.stringify(version.slice(0, 20))} is unknown, ${Object.keys(upgrades).join(" and ")} are read here`,
    };
  }
  if (value === null || value.length === 0) return { fault: "no value" };
  if (value.length > maxValueBytes)
    return { fault: `the value has ${value.length} bytes, more than ${maxValueBytes}` };
  let json: unknown;
  try {
    json = JSON.parse(value.toString("utf8"));
  } catch {
    return { fault: "not JSON" };
  }
  return checkMessage(upgrade(json));
}
