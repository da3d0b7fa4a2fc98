/** What records hold is foreign: control characters could steer the terminal. Longer than `most` characters, it is cut. */
export function printable(text: string, most: number): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "·");
  return safe.length > most ? `${safe.slice(0, most - 1)}…` : safe;
}

/** A record's key: as text where it is, else in hexadecimal. */
export function keyText(key: Buffer | null): string | null {
  if (key === null) return null;
  const text = key.toString("utf8");
  return Buffer.from(text).equals(key) ? text : `0x${key.toString("hex")}`;
}

/** A time in ISO 8601, as a command line gives it, in milliseconds since 1970; undefined where it isn't one. */
export function isoTimeMs(text: string): number | undefined {
  // `Date.parse` alone takes much more, such as "7".
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What to write where a time is asked for. */
export const timeForm = "2026-01-31T10:00:00Z, 2026-01-31T11:00+01:00 or 2026-01-31 (midnight UTC)";

/** A length of time in its largest whole unit: `45 s`, `12 min`, `3 h`, `9 d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** A number with its thousands apart. */
export function figure(value: number): string {
  return value.toLocaleString("en");
}
