/** An alert as it goes to Kafka: what InfluxDB's notification says, in plain names. */
export interface Alert {
  readonly check: string;
  /** InfluxDB's levels, in lower case. */
  readonly level: "ok" | "info" | "warn" | "crit" | "unknown";
  readonly message: string;
  /** Tags of what is alerted about, such as `station`. */
  readonly tags: Readonly<Record<string, string>>;
  /** Values the check looked at, such as `temperature`. */
  readonly values: Readonly<Record<string, number | boolean>>;
  /** ISO 8601: when the check found it. */
  readonly time: string;
}

const levels: readonly string[] = ["ok", "info", "warn", "crit", "unknown"] satisfies Alert["level"][];

/** Reads the JSON that InfluxDB posts: `_check_name`, `_level`, `_message`, `_time`, and a property a tag and a field. */
export function parseAlert(
  body: string,
  now: number,
): { readonly alert: Alert } | { readonly fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { fault: "the body is not JSON" };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return { fault: "the body is not a JSON object" };
  const notification = json as Record<string, unknown>;
  const check = notification._check_name ?? notification._check_id;
  const level = typeof notification._level === "string" ? notification._level.toLowerCase() : undefined;
  if (typeof check !== "string" || check === "") return { fault: "_check_name is missing" };
  if (level === undefined || !levels.includes(level))
    return { fault: `_level must be one of ${levels.join(", ")}` };
  const others = Object.entries(notification).filter(([name]) => !name.startsWith("_"));
  const time = typeof notification._time === "string" ? Date.parse(notification._time) : Number.NaN;
  return {
    alert: {
      check,
      level: level as Alert["level"],
      message: typeof notification._message === "string" ? notification._message : "",
      tags: Object.fromEntries(
        others.filter((entry): entry is [string, string] => typeof entry[1] === "string").sort(),
      ),
      values: Object.fromEntries(
        others.filter((entry): entry is [string, number | boolean] =>
          ["number", "boolean"].includes(typeof entry[1]),
        ),
      ),
      time: new Date(Number.isNaN(time) ? now : time).toISOString(),
    },
  };
}

/** Whom an alert is about: its check and tags. */
function subjectOf({ check, tags }: Alert): string {
  return JSON.stringify([check, Object.entries(tags)]);
}

/** Subjects remembered; the one published longest ago is forgotten first. */
const maxSubjects = 10_000;

/**
 * Tells news from repetition: InfluxDB's deadman check reports at every run for as long as the silence lasts.
 * An alert is news where its level differs from the last one published of its subject, or that is `repeatAfterMs` ago.
 */
export class AlertFolding {
  readonly #published = new Map<string, { readonly level: Alert["level"]; readonly atMs: number }>();

  constructor(private readonly repeatAfterMs: number) {}

  isNews(alert: Alert, now: number): boolean {
    const last = this.#published.get(subjectOf(alert));
    return last?.level !== alert.level || now - last.atMs >= this.repeatAfterMs;
  }

  /** To be called once the alert is in Kafka. */
  published(alert: Alert, now: number): void {
    const subject = subjectOf(alert);
    this.#published.delete(subject);
    this.#published.set(subject, { level: alert.level, atMs: now });
    if (this.#published.size <= maxSubjects) return;
    for (const oldest of this.#published.keys()) {
      this.#published.delete(oldest);
      break;
    }
  }
}
