export type Level = "info" | "warn" | "error";

/** Writes one event: what happened, and the figures that go with it. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A log that writes one JSON object a line to stdout: time (ISO 8601, UTC), level, app, message, then the event's own fields. */
export function createLog(app: string): Log {
  return (level, message, fields = {}) => {
    process.stdout.write(
      `${JSON.stringify({ time: new Date().toISOString(), level, app, message, ...fields })}\n`,
    );
  };
}

/** The reason in one line, whatever was thrown. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join("; ");
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim();
}

/**
 * The same log, but an event whose message was written less than `quietMs` ago is left out.
 * For clients that report every attempt of a retry.
 */
export function withoutRepeats(log: Log, quietMs: number): Log {
  const lastWritten = new Map<string, number>();
  return (level, message, fields) => {
    const now = Date.now();
    if (now - (lastWritten.get(message) ?? 0) < quietMs) return;
    if (lastWritten.size >= 100) lastWritten.clear();
    lastWritten.set(message, now);
    log(level, message, fields);
  };
}
