import { type Measure, measures, type WeatherMessage } from "../shared/message";
import { RunningStatistics, type Summary } from "./statistics";

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

/** Steps in which stations report; a spread below it is no spread. */
const resolution: Readonly<Record<Measure, number>> = {
  temperature: 0.1,
  pressure: 0.1,
  wind: 0.1,
  humidity: 1,
};

interface Station {
  /** In order of arrival; `first` counts those that have left the window. */
  window: { readonly timeMs: number; readonly message: WeatherMessage }[];
  first: number;
  newestMs: number;
  latest: WeatherMessage;
  readonly statistics: Readonly<Record<Measure, RunningStatistics>>;
  /** In order of arrival. */
  readonly seenIds: Set<string>;
  anomalies: number;
}

/** Rolling statistics of the stations of one partition. Each message counts once, however often it is delivered. */
export class Stations {
  readonly #stations = new Map<string, Station>();

  constructor(
    private readonly options: StatisticsOptions,
    private readonly duplicateWindowPoints: number,
    private readonly partition: number,
  ) {}

  /** Takes a message in; undefined where it was taken in before, else what is unusual about it. */
  take(id: string, message: WeatherMessage): Anomaly[] | undefined {
    const station = this.#station(message);
    if (station.seenIds.has(id)) return undefined;
    station.seenIds.add(id);
    if (station.seenIds.size > this.duplicateWindowPoints) {
      for (const oldest of station.seenIds) {
        station.seenIds.delete(oldest);
        break;
      }
    }

    const timeMs = Date.parse(message.time);
    this.#leave(station, Math.max(timeMs, station.newestMs) - this.options.windowMs);
    const anomalies = measures.flatMap((measure) => this.#anomaly(station, measure, message) ?? []);
    station.anomalies += anomalies.length;
    station.window.push({ timeMs, message });
    for (const measure of measures) {
      const value = message[measure];
      if (value !== undefined) station.statistics[measure].add(value);
    }
    if (timeMs >= station.newestMs) {
      station.newestMs = timeMs;
      station.latest = message;
    }
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
            anomalies,
            measures: Object.fromEntries(
              measures
                .map((measure) => [measure, statistics[measure].summary()] as const)
                .filter(([, { points }]) => points > 0),
            ),
          },
        ]),
    );
  }

  get size(): number {
    return this.#stations.size;
  }

  #station(message: WeatherMessage): Station {
    const known = this.#stations.get(message.station);
    if (known) return known;
    const station: Station = {
      window: [],
      first: 0,
      newestMs: Number.NEGATIVE_INFINITY,
      latest: message,
      statistics: {
        temperature: new RunningStatistics(),
        pressure: new RunningStatistics(),
        wind: new RunningStatistics(),
        humidity: new RunningStatistics(),
      },
      seenIds: new Set(),
      anomalies: 0,
    };
    this.#stations.set(message.station, station);
    return station;
  }

  #anomaly(station: Station, measure: Measure, message: WeatherMessage): Anomaly | undefined {
    const value = message[measure];
    const statistics = station.statistics[measure];
    const { points, mean } = statistics.summary();
    if (value === undefined || points < this.options.minPoints) return undefined;
    const deviations = statistics.deviationsOf(value, resolution[measure]);
    if (Math.abs(deviations) <= this.options.anomalyDeviations) return undefined;
    return { station: message.station, time: message.time, measure, value, mean, deviations };
  }

  /** Lets go of what is older than the window, or one too many. */
  #leave(station: Station, beforeMs: number): void {
    for (;;) {
      const oldest = station.window[station.first];
      const isFull = station.window.length - station.first >= this.options.windowPoints;
      if (!oldest || (oldest.timeMs > beforeMs && !isFull)) break;
      for (const measure of measures) {
        const value = oldest.message[measure];
        if (value !== undefined) station.statistics[measure].remove(value);
      }
      station.first++;
    }
    if (station.first > 1_000 && station.first * 2 > station.window.length) {
      station.window = station.window.slice(station.first);
      station.first = 0;
    }
  }
}
