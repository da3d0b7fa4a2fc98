import { type Measure, measures, resolution } from "../shared/measures";
import { type WeatherMessage } from "../shared/message";
import { Recent } from "./recent";
import { RunningStatistics, type Summary } from "./statistics";
import { eventTime, Window } from "./window";

/** A value far from what its station reported lately. */
export interface Anomaly {
  readonly station: string;
  readonly time: string;
  readonly measure: Measure;
  readonly value: number;
  readonly mean: number;
  /** Standard deviations from the mean; negative below it. */
  readonly deviations: number;
}

export interface StatisticsOptions {
  readonly windowMs: number;
  readonly windowPoints: number;
  readonly minPoints: number;
  readonly anomalyDeviations: number;
}

/** What is known of a station: its newest message, and each measure over the window. */
export interface StationSummary {
  readonly partition: number;
  readonly latest: WeatherMessage;
  readonly measures: Partial<Record<Measure, Summary>>;
  readonly anomalies: number;
}

/** A station in a line: its newest message, and no property of it that isn't known. */
export interface StationRow extends WeatherMessage {
  readonly partition: number;
  /** Anomalies so far. */
  readonly anomalies: number;
}

/** The course of a station's values over the window, and its last anomalies. */
export interface StationTrend {
  readonly station: string;
  /** In order of time: milliseconds since 1970, then a value for each of {@link measures}; null where there is none. */
  readonly points: readonly (readonly [timeMs: number, ...values: (number | null)[]])[];
  readonly statistics: Partial<Record<Measure, Summary>>;
  /** Newest first. */
  readonly anomalies: readonly Anomaly[];
}

/** A plot about a thousand pixels wide shows no more. */
const maxTrendPoints = 900;

/** Kept of each station, to be marked in its trend. */
const anomaliesKept = 20;

interface Station {
  readonly window: Window;
  latest: WeatherMessage;
  readonly statistics: Readonly<Record<Measure, RunningStatistics>>;
  readonly anomalies: Recent<Anomaly>;
}

/**
 * Rolling statistics of the stations of one partition. A message that is delivered again counts once, as long as its station's window
 * holds it: a station never has two of one time.
 */
export class Stations {
  readonly #stations = new Map<string, Station>();

  constructor(
    private readonly options: StatisticsOptions,
    private readonly partition: number,
  ) {}

  /** Takes a message in; undefined where the window has it already, else what is unusual about it. */
  take(message: WeatherMessage, time = eventTime(message.time)): Anomaly[] | undefined {
    const station = this.#station(message);
    const { window, statistics } = station;
    if (window.has(time)) return undefined;
    this.#leave(station, Math.max(time.ms, window.newestMs) - this.options.windowMs);
    const anomalies: Anomaly[] = [];
    for (const measure of measures) {
      const value = message[measure];
      if (value === undefined) continue;
      const anomaly = this.#anomaly(statistics[measure], measure, value, message);
      if (anomaly) anomalies.push(anomaly);
      statistics[measure].add(value);
    }
    for (const anomaly of anomalies) station.anomalies.add(anomaly);
    if (time.ms >= window.newestMs) station.latest = message;
    window.add(time, message);
    return anomalies;
  }

  summary(): Record<string, StationSummary> {
    return Object.fromEntries(
      [...this.#stations]
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, { latest, statistics, anomalies }]) => [
          name,
          {
            partition: this.partition,
            latest,
            anomalies: anomalies.total,
            measures: summaries(statistics),
          },
        ]),
    );
  }

  /** Newest message of each station, by its name. The message is another object whenever it is another message. */
  *latest(): Iterable<readonly [name: string, latest: WeatherMessage]> {
    for (const [name, { latest }] of this.#stations) yield [name, latest];
  }

  has(name: string): boolean {
    return this.#stations.has(name);
  }

  row(name: string): StationRow | undefined {
    const known = this.#stations.get(name);
    if (!known) return undefined;
    const { partition } = this;
    const { anomalies } = known;
    const { station, time, temperature, pressure, wind, humidity } = known.latest;
    return { station, time, temperature, pressure, wind, humidity, partition, anomalies: anomalies.total };
  }

  /** The window of a station, thinned evenly to at most 900 points; undefined where the station is not known. */
  trend(name: string): StationTrend | undefined {
    const station = this.#stations.get(name);
    if (!station) return undefined;
    const inTime = station.window.inTime();
    const step = Math.ceil(inTime.length / maxTrendPoints);
    return {
      station: name,
      // Counted from the end, so that the newest is always among them.
      points: inTime.filter((_, index) => (inTime.length - 1 - index) % step === 0),
      statistics: summaries(station.statistics),
      anomalies: station.anomalies.list(),
    };
  }

  get size(): number {
    return this.#stations.size;
  }

  #station(message: WeatherMessage): Station {
    const known = this.#stations.get(message.station);
    if (known) return known;
    const station: Station = {
      window: new Window(),
      latest: message,
      statistics: {
        temperature: new RunningStatistics(),
        pressure: new RunningStatistics(),
        wind: new RunningStatistics(),
        humidity: new RunningStatistics(),
      },
      anomalies: new Recent(anomaliesKept),
    };
    this.#stations.set(message.station, station);
    return station;
  }

  #anomaly(
    statistics: RunningStatistics,
    measure: Measure,
    value: number,
    { station, time }: WeatherMessage,
  ): Anomaly | undefined {
    if (statistics.points < this.options.minPoints) return undefined;
    const deviations = statistics.deviationsOf(value, resolution[measure]);
    if (Math.abs(deviations) <= this.options.anomalyDeviations) return undefined;
    return { station, time, measure, value, mean: statistics.mean, deviations };
  }

  /** Lets go of what is older than the window, or one too many. */
  #leave({ window, statistics }: Station, beforeMs: number): void {
    for (;;) {
      const { oldestMs, size } = window;
      if (oldestMs === undefined || (oldestMs > beforeMs && size < this.options.windowPoints)) return;
      window.dropOldest((measure, value) => {
        statistics[measure].remove(value);
      });
    }
  }
}

/** Of the measures that have any values. */
function summaries(
  statistics: Readonly<Record<Measure, RunningStatistics>>,
): Partial<Record<Measure, Summary>> {
  return Object.fromEntries(
    measures
      .map((measure) => [measure, statistics[measure].summary()] as const)
      .filter(([, { points }]) => points > 0),
  );
}
