import { type Measure } from "../../shared/measures";

/** A measure as a person reads it. */
export interface MeasureText {
  readonly name: string;
  readonly unit: string;
  /** Places after the decimal point. */
  readonly digits: number;
}

export const measureTexts: Readonly<Record<Measure, MeasureText>> = {
  temperature: { name: "Temperature", unit: "°C", digits: 1 },
  pressure: { name: "Pressure", unit: "hPa", digits: 1 },
  wind: { name: "Wind", unit: "m/s", digits: 1 },
  humidity: { name: "Humidity", unit: "%", digits: 0 },
};

const byDigits = [0, 1, 2].map(
  (digits) =>
    new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/** A number with that many decimals, in the reader's own notation, and a real minus sign. */
export function figure(value: number, digits = 0): string {
  // A number that rounds to nothing has no sign.
  const rounded = Number(value.toFixed(digits)) || 0;
  return (byDigits[digits] ?? Intl.NumberFormat()).format(rounded).replace("-", "\u2212");
}

/** A value of a measure without its unit; a dash where there is none. */
export function valueText(measure: Measure, value: number | null | undefined): string {
  return value === null || value === undefined ? "\u2013" : figure(value, measureTexts[measure].digits);
}

/** A value of a measure with its unit. */
export function valueWithUnit(measure: Measure, value: number): string {
  return `${valueText(measure, value)}\u00a0${measureTexts[measure].unit}`;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const clockMinutes = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment in the reader's own time zone, to the second. */
export function timeText(timeMs: number): string {
  return clock.format(timeMs);
}

/** The same to the minute. */
export function minuteText(timeMs: number): string {
  return clockMinutes.format(timeMs);
}

/** The same with its day. */
export function dayText(timeMs: number): string {
  return dayAndClock.format(timeMs);
}

/** A length of time in words, rounded: `10 minutes`. */
export function durationText(durationMs: number): string {
  const [count, unit] =
    durationMs < 90_000 ? [durationMs / 1_000, "second"] : [durationMs / 60_000, "minute"];
  const rounded = Math.round(count);
  return `${figure(rounded)} ${unit}${rounded === 1 ? "" : "s"}`;
}
