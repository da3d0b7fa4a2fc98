/** Units of a {@link Duration}, in the singular. */
export type DurationUnit = "millisecond" | "second" | "minute" | "hour" | "day" | "week";

const unitMs: Record<DurationUnit, number> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A length of time with its unit in words: `"1 second"`, `"30 seconds"`, `"7 days"`. Whole numbers only. */
export type Duration = `${number} ${DurationUnit | `${DurationUnit}s`}`;

/** What to write where a {@link Duration} is asked for; ends the sentence "must be ...". */
export const durationForm = 'a whole number and a unit, such as "30 seconds", "5 minutes" or "7 days"';

/**
 * Milliseconds in a duration.
 *
 * @throws RangeError where the text isn't a {@link Duration} of at least 1 ms.
 */
export function durationMs(text: string): number {
  const ms = tryDurationMs(text);
  if (ms === undefined) throw new RangeError(`${JSON.stringify(text)} must be ${durationForm}`);
  return ms;
}

/** Milliseconds in a duration, or undefined where the text isn't one: for validation that collects faults. */
export function tryDurationMs(text: string): number | undefined {
  const match = /^([1-9]\d*) (millisecond|second|minute|hour|day|week)s?$/.exec(text);
  if (!match) return undefined;
  return Number(match[1]) * unitMs[match[2] as DurationUnit];
}

/** Whole seconds in a duration, rounded up. Throws as {@link durationMs} does. */
export function durationSeconds(text: string): number {
  return Math.ceil(durationMs(text) / 1_000);
}

/** The duration in Go's form as Docker prints it back (`"1m30s"`), so that no diff arises from spelling. */
export function goDuration(text: string): string {
  const ms = durationMs(text);
  if (ms < 1_000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  return (hours ? `${hours}h` : "") + (hours || minutes ? `${minutes}m` : "") + `${seconds}s`;
}
