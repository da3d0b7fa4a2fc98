import { type Log, reasonOf } from "../shared/log";
import { epochNs, header } from "../shared/message";
import { isRefusal, tagValue } from "../shared/influxdb";
import { type OutgoingRecord } from "../shared/sender";
import { deadLetterOf, retryOf, type SourceRecord, text } from "../shared/set-aside";
import { type Anomaly } from "./stations";

/** Anomalies that were found in a record and are not in InfluxDB yet. */
export interface Owed {
  readonly source: SourceRecord;
  readonly anomalies: readonly Anomaly[];
  /** Attempts that have failed. */
  readonly attempts: number;
}

/** What became of anomalies: they are in InfluxDB, or a record keeps them for later. */
export interface Settled {
  readonly done: number;
  readonly retries: readonly OutgoingRecord[];
  readonly deadLetters: readonly OutgoingRecord[];
}

export interface RetryOptions {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Wait after so many failed attempts: doubled each time, up to the longest. */
export function retryDelayMs(attempts: number, { firstDelayMs, maxDelayMs }: RetryOptions): number {
  return Math.min(firstDelayMs * 2 ** (attempts - 1), maxDelayMs);
}

/** An anomaly as a point of InfluxDB: written twice it is the same point. */
export function anomalyLine({ station, time, measure, value, mean, deviations }: Anomaly): string {
  const fields = `value=${value},mean=${mean},deviations=${deviations}`;
  return `anomaly,station=${tagValue(station)},measure=${measure} ${fields} ${epochNs(time) ?? ""}`;
}

/** The anomalies that a record of the retry topic keeps, or undefined where it keeps none that can be read. */
export function owedOf(source: SourceRecord, attempts: number): Owed | undefined {
  try {
    const anomalies = JSON.parse(text(source.message.headers, header.anomalies) ?? "") as unknown;
    return Array.isArray(anomalies) ? { source, anomalies: anomalies as Anomaly[], attempts } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The one effect of a weather message that needs something that may be away: its anomalies are written to InfluxDB. What can't be
 * written now waits in the retry topic, and becomes a dead letter after so many attempts, or at once where InfluxDB refuses it.
 */
export class AnomalyEffect {
  #awayUntilMs = 0;

  constructor(
    private readonly write: (lines: readonly string[]) => Promise<void>,
    private readonly options: RetryOptions,
    /** Where a replayed dead letter begins anew. */
    private readonly retryTopic: string,
    private readonly log: Log,
    private readonly now: () => number = Date.now,
  ) {}

  async settle(owed: readonly Owed[]): Promise<Settled> {
    if (owed.length === 0) return { done: 0, retries: [], deadLetters: [] };
    // A server that hangs must not hold up the analysis at every anomaly.
    if (this.now() < this.#awayUntilMs) return this.#failed(owed, "InfluxDB was away a moment ago");
    try {
      await this.write(owed.flatMap(({ anomalies }) => anomalies.map(anomalyLine)));
      return { done: owed.length, retries: [], deadLetters: [] };
    } catch (error) {
      if (!isRefusal(error)) {
        this.#awayUntilMs = this.now() + this.options.firstDelayMs;
        return this.#failed(owed, reasonOf(error));
      }
      if (owed.length === 1) return this.#given(owed, `InfluxDB refuses its anomalies: ${reasonOf(error)}`);
    }
    // One of many is refused: each for itself.
    const each: Settled[] = [];
    for (const one of owed) each.push(await this.settle([one]));
    return {
      done: each.reduce((sum, { done }) => sum + done, 0),
      retries: each.flatMap(({ retries }) => retries),
      deadLetters: each.flatMap(({ deadLetters }) => deadLetters),
    };
  }

  #failed(owed: readonly Owed[], reason: string): Settled {
    const isLast = ({ attempts }: Owed): boolean => attempts + 1 >= this.options.maxAttempts;
    const retries = owed
      .filter((one) => !isLast(one))
      .map(({ source, anomalies, attempts }) =>
        retryOf(
          source,
          reason,
          { attempts: attempts + 1, dueMs: this.now() + retryDelayMs(attempts + 1, this.options) },
          { [header.anomalies]: JSON.stringify(anomalies) },
        ),
      );
    const givenUp = this.#given(
      owed.filter(isLast),
      `its anomalies could not be written to InfluxDB in ${this.options.maxAttempts} attempts: ${reason}`,
    );
    this.log("warn", "anomalies can't be written to InfluxDB", {
      reason,
      setAside: retries.length,
      givenUp: givenUp.deadLetters.length,
    });
    return { ...givenUp, retries };
  }

  #given(owed: readonly Owed[], reason: string): Settled {
    const deadLetters = owed.map(({ source, anomalies }) => {
      const letter = deadLetterOf(source, reason);
      return {
        ...letter,
        headers: {
          ...letter.headers,
          [header.anomalies]: JSON.stringify(anomalies),
          [header.replayTo]: this.retryTopic,
        },
      };
    });
    return { done: 0, retries: [], deadLetters };
  }
}
