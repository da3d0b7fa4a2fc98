import { type Duration, durationForm, durationSeconds, tryDurationMs } from "../duration";
import { type Fault } from "../faults";

const unitSeconds = { day: 86_400, hour: 3_600, minute: 60, second: 1 } as const;

const fluxUnitSeconds: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** A Flux string literal; `${` is escaped, for Flux would interpolate it. */
export function fluxString(text: string): string {
  return JSON.stringify(text).replaceAll("${", "\\${");
}

/** A duration as Flux and the REST API write it, in seconds: `"70s"`; no duration is `"0s"`. */
export function fluxDuration(duration: string | undefined): string {
  return `${duration === undefined ? 0 : durationSeconds(duration)}s`;
}

/** The duration that the API's text means (`"1m10s"` is `"70 seconds"`); undefined where it's zero or not of a fixed length. */
export function durationOfFlux(text: string | undefined): Duration | undefined {
  if (text === undefined || !/^(\d+[wdhms])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([wdhms])/g)) {
    seconds += Number(count) * (fluxUnitSeconds[unit ?? ""] ?? 0);
  }
  return durationOfSeconds(seconds);
}

/** Seconds in the largest unit that holds them without a rest; undefined for none. */
export function durationOfSeconds(seconds: number): Duration | undefined {
  if (seconds === 0) return undefined;
  const unit =
    seconds % unitSeconds.day === 0
      ? "day"
      : seconds % 3_600 === 0
        ? "hour"
        : seconds % 60 === 0
          ? "minute"
          : "second";
  const count = seconds / unitSeconds[unit];
  return `${count} ${count === 1 ? unit : (`${unit}s` as const)}`;
}

/** A fault where the text isn't a duration of whole seconds, the finest that checks and rules are run by. */
export function secondsFaults(propertyPath: string, text: string): Fault[] {
  const ms = tryDurationMs(text);
  if (ms === undefined) return [{ propertyPath, reason: `${JSON.stringify(text)} must be ${durationForm}` }];
  return ms % 1_000 === 0 ? [] : [{ propertyPath, reason: `${JSON.stringify(text)} must be whole seconds` }];
}
