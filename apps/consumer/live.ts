import { randomBytes } from "node:crypto";
import { type Route } from "../shared/http";
import { header, type WeatherMessage } from "../shared/message";
import { type OutgoingRecord } from "../shared/sender";
import { type Alert } from "./alerts";
import { type Rate, type Recent } from "./recent";
import { type Anomaly, type StationRow, type Stations } from "./stations";

/** A message that could not be used, and where it stands. */
export interface DeadLetter {
  readonly reason: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  /** Milliseconds since 1970: when the message was written. */
  readonly timeMs: number;
}

/** What the live page says of a record that went to the dead-letter topic. */
export function deadLetterNote({ key, headers }: OutgoingRecord): DeadLetter {
  const text = (name: string) => String(headers[name] ?? "");
  return {
    reason: text(header.reason),
    partition: Number(text(header.sourcePartition)),
    offset: text(header.sourceOffset),
    key: (key ?? "").toString().slice(0, 200),
    timeMs: Number(text(header.sourceTimestamp)) || Date.now(),
  };
}

/** How many there were since the consumer started, and the last of them, newest first. */
export interface Listed<T> {
  readonly total: number;
  readonly newest: readonly T[];
}

/** What doesn't change while the consumer runs. */
export interface About {
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly alertsTopic: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** Event time that a trend covers. */
  readonly windowMs: number;
  /** Standard deviations beyond which a value is an anomaly. */
  readonly anomalyDeviations: number;
}

/** An event of the live page: a snapshot holds all of it, a delta the lists and stations that changed. */
export interface LiveEvent {
  /** Milliseconds since 1970, by the consumer's clock. */
  readonly timeMs: number;
  readonly messagesPerSecond: number;
  /** Messages not taken in yet, by partition. */
  readonly lag: readonly (readonly [partition: number, behind: number])[];
  /** Why the consumer makes no progress. */
  readonly fault?: string;
  readonly about?: About;
  readonly stations?: readonly StationRow[];
  readonly anomalies?: Listed<Anomaly>;
  readonly alerts?: Listed<Alert>;
  readonly deadLetters?: Listed<DeadLetter>;
}

/** The stations that the consumer knows. */
export type KnownStations = Pick<Stations, "latest" | "row" | "trend">;

/** What the live page shows, where the consumer keeps it. */
export interface LiveSources {
  readonly about: About;
  readonly stations: KnownStations;
  readonly rate: Rate;
  readonly lag: ReadonlyMap<number, number>;
  readonly anomalies: Recent<Anomaly>;
  readonly alerts: Recent<Alert>;
  readonly deadLetters: Recent<DeadLetter>;
  readonly fault: () => string | undefined;
}

const lists = ["anomalies", "alerts", "deadLetters"] as const;

/**
 * Looks at the consumer from time to time and knows what changed since any earlier look, without keeping a history: each station
 * and list bears the number of the look that found it changed. So the consumer's own work bears no cost of it, and whoever was
 * away for a while is told as much as has changed meanwhile.
 */
export class LiveView {
  /** Another one wherever something may have gone: in a new process, or once another consumer took a partition over. */
  #epoch = newEpoch();
  #look = 0;
  readonly #stations = new Map<string, { latest: WeatherMessage; changedAt: number }>();
  readonly #lists = new Map<string, { total: number; changedAt: number }>();
  #figures = "";

  constructor(private readonly sources: LiveSources) {}

  /** Names what was seen at the last look. */
  get id(): string {
    return `${this.#epoch}-${this.#look}`;
  }

  /** Looks; where anything has changed since the last time, the id is another. */
  look(): void {
    const next = this.#look + 1;
    let changed = false;
    let count = 0;
    for (const [name, latest] of this.sources.stations.latest()) {
      count++;
      const known = this.#stations.get(name);
      if (known?.latest === latest) continue;
      this.#stations.set(name, { latest, changedAt: next });
      changed = true;
    }
    if (count < this.#stations.size) {
      for (const name of this.#stations.keys())
        if (!this.sources.stations.row(name)) this.#stations.delete(name);
      this.#epoch = newEpoch();
      changed = true;
    }
    for (const list of lists) {
      const { total } = this.sources[list];
      if (total === (this.#lists.get(list)?.total ?? 0)) continue;
      this.#lists.set(list, { total, changedAt: next });
      changed = true;
    }
    const figures = JSON.stringify(this.#currentFigures());
    changed ||= figures !== this.#figures;
    this.#figures = figures;
    if (changed) this.#look = next;
  }

  /** What changed since the look of that id; a snapshot where there is no id, or one that nothing is known of. */
  since(id: string | undefined): { readonly kind: "snapshot" | "delta"; readonly event: LiveEvent } {
    const [epoch, look = ""] = id?.split("-") ?? [];
    const after = epoch === this.#epoch && /^\d{1,15}$/.test(look) ? Number(look) : -1;
    const isKnown = after >= 0 && after <= this.#look;
    const isNew = ({ changedAt }: { changedAt: number }) => !isKnown || changedAt > after;
    const stations = [...this.#stations].flatMap(([name, known]) =>
      isNew(known) ? (this.sources.stations.row(name) ?? []) : [],
    );
    return {
      kind: isKnown ? "delta" : "snapshot",
      event: {
        timeMs: Date.now(),
        ...this.#currentFigures(),
        ...(!isKnown && { about: this.sources.about }),
        ...((!isKnown || stations.length > 0) && { stations }),
        ...Object.fromEntries(
          lists
            .filter((list) => isNew(this.#lists.get(list) ?? { changedAt: 0 }))
            .map((list) => [list, { total: this.sources[list].total, newest: this.sources[list].list() }]),
        ),
      },
    };
  }

  #currentFigures(): Pick<LiveEvent, "messagesPerSecond" | "lag" | "fault"> {
    const { rate, lag, fault } = this.sources;
    return {
      messagesPerSecond: rate.perSecond(),
      lag: [...lag].sort(([a], [b]) => a - b),
      fault: fault(),
    };
  }
}

/** `GET /trend?station=NAME`: a {@link StationTrend}, or 404. */
export function trendRoute(stations: KnownStations): Route {
  return (request) => {
    const name = new URL(request.url ?? "/", "http://consumer").searchParams.get("station") ?? "";
    const trend = stations.trend(name);
    return trend
      ? { status: 200, body: trend, headers: { "cache-control": "no-store" } }
      : { status: 404, body: "the station is not known\n" };
  };
}

function newEpoch(): string {
  return randomBytes(6).toString("hex");
}
