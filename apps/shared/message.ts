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

/** Names of the headers every weather message carries. */
export const header = { schemaVersion: "schema-version", messageId: "message-id", reason: "reason" } as const;

/** Version of {@link WeatherMessage}, in the header `schema-version`. */
export const schemaVersion = "1";

export const measures = ["temperature", "pressure", "wind", "humidity"] as const;
export type Measure = (typeof measures)[number];

/**
 * What nature allows at a weather station, a little beyond the records kept by the WMO: -89.2..56.7 °C (Vostok, Death Valley),
 * 870..1084.8 hPa at sea level (typhoon Tip, Tosontsengel; stations up high report less), 113 m/s (Barrow Island).
 */
export const bounds: Readonly<Record<Measure, readonly [min: number, max: number]>> = {
  temperature: [-90, 60],
  pressure: [300, 1100],
  wind: [0, 120],
  humidity: [0, 100],
};

/** Steps in which stations report; a spread below it is no spread. */
export const resolution: Readonly<Record<Measure, number>> = {
  temperature: 0.1,
  pressure: 0.1,
  wind: 0.1,
  humidity: 1,
};

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

/** Checks a value against {@link WeatherMessage} and {@link bounds}. Properties it doesn't know are left alone. */
export function checkMessage(value: unknown): Checked {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { fault: "not a JSON object" };
  const candidate = value as Partial<Record<keyof WeatherMessage, unknown>>;
  const { station, time } = candidate;
  if (typeof station !== "string" || station === "" || station.length > 200) {
    return { fault: "station: must be a name of 1..200 characters" };
  }
  if (typeof time !== "string" || epochNs(time) === undefined) {
    return { fault: "time: must be ISO 8601 in UTC, from 1970 on, such as 2026-01-31T10:00:00Z" };
  }
  for (const measure of measures) {
    const measured = candidate[measure];
    if (measured === undefined && measure === "humidity") continue;
    if (measured === undefined) return { fault: `${measure}: is missing` };
    if (typeof measured !== "number" || !Number.isFinite(measured))
      return { fault: `${measure}: must be a number` };
    const [min, max] = bounds[measure];
    if (measured < min || measured > max)
      return { fault: `${measure}: ${measured} is outside ${min}..${max}` };
  }
  return { message: value as WeatherMessage };
}

/** Reads the value of a Kafka record, whose header `schema-version`, where there is one, must be the version known here. */
export function decodeMessage(value: Buffer | null, version = schemaVersion): Checked {
  if (version !== schemaVersion)
    return { fault: `schema-version: ${version} is unknown, ${schemaVersion} is read here` };
  if (value === null) return { fault: "no value" };
  let json: unknown;
  try {
    json = JSON.parse(value.toString("utf8"));
  } catch {
    return { fault: "not JSON" };
  }
  return checkMessage(json);
}
