import {
  type InfluxDB,
  type QueryApi,
  flux,
  fluxDateTime,
  fluxExpression,
  fluxString,
} from "@influxdata/influxdb-client";
import { type Measure, measures } from "../shared/measures";

/** A point as it stands in InfluxDB: what it lacks is undefined, and nothing is checked yet. */
export interface StoredPoint {
  readonly station: string;
  /** RFC 3339, UTC, up to nanoseconds, as InfluxDB writes it. */
  readonly time: string;
  /** A number, or the text of a field that isn't one. */
  readonly fields: { readonly [measure in Measure]?: number | string | undefined };
}

/**
 * What the producer asks of InfluxDB. Ranges are milliseconds since 1970 and half open: start included, stop not. Only the four
 * weather fields count; a value is one field of one point.
 */
export interface PointStore {
  /** Time of the oldest point in the range, rounded down to milliseconds, or undefined where there is none. */
  firstTimeMs(startMs: number, stopMs: number): Promise<number | undefined>;
  /** Number of values in the range. */
  countValues(startMs: number, stopMs: number): Promise<number>;
  /** Number of values in each second that has any, by the millisecond the second begins with. */
  countValuesBySecond(startMs: number, stopMs: number): Promise<Map<number, number>>;
  /** All points in the range, in no particular order. */
  read(startMs: number, stopMs: number): Promise<StoredPoint[]>;
}

/** The points of one measurement of one bucket, by Flux. Counting is done by InfluxDB's storage engine, without reading rows. */
export class InfluxdbPointStore implements PointStore {
  readonly #queries: QueryApi;

  constructor(
    influxdb: InfluxDB,
    org: string,
    private readonly bucket: string,
    private readonly measurement: string,
  ) {
    this.#queries = influxdb.getQueryApi({ org, gzip: false });
  }

  async firstTimeMs(startMs: number, stopMs: number): Promise<number | undefined> {
    const times = await this.#collect(
      startMs,
      stopMs,
      '|> first() |> keep(columns: ["_time"]) |> sort(columns: ["_time"]) |> limit(n: 1)',
      ([time = ""]) => Date.parse(time),
      ["_time"],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async countValues(startMs: number, stopMs: number): Promise<number> {
    const counts = await this.#collect(
      startMs,
      stopMs,
      '|> count() |> keep(columns: ["_value"]) |> sum()',
      ([count]) => Number(count),
      ["_value"],
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async countValuesBySecond(startMs: number, stopMs: number): Promise<Map<number, number>> {
    const bySecond = new Map<number, number>();
    await this.#collect(
      startMs,
      stopMs,
      '|> aggregateWindow(every: 1s, fn: count, createEmpty: false, timeSrc: "_start") |> keep(columns: ["_time", "_value"])',
      ([time = "", count]) => {
        const second = Math.floor(Date.parse(time) / 1_000) * 1_000;
        bySecond.set(second, (bySecond.get(second) ?? 0) + Number(count));
        return undefined;
      },
      ["_time", "_value"],
    );
    return bySecond;
  }

  async read(startMs: number, stopMs: number): Promise<StoredPoint[]> {
    return await this.#collect(
      startMs,
      stopMs,
      '|> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value") |> drop(columns: ["_start", "_stop", "_measurement"])',
      ([time = "", station = "", temperature, pressure, wind, humidity]) => ({
        station,
        time,
        fields: {
          temperature: fieldValue(temperature),
          pressure: fieldValue(pressure),
          wind: fieldValue(wind),
          humidity: fieldValue(humidity),
        },
      }),
      ["_time", "station", "temperature", "pressure", "wind", "humidity"],
    );
  }

  /** Runs a query and maps the named columns of each row; a column the row lacks is undefined. */
  #collect<T>(
    startMs: number,
    stopMs: number,
    pipeline: string,
    map: (columns: (string | undefined)[]) => T | undefined,
    columns: readonly string[],
  ): Promise<T[]> {
    const fields = measures.map((measure) => `r._field == "${measure}"`).join(" or ");
    const query = flux`from(bucket: ${fluxString(this.bucket)})
      |> range(start: ${fluxDateTime(new Date(startMs).toISOString())}, stop: ${fluxDateTime(new Date(stopMs).toISOString())})
      |> filter(fn: (r) => r._measurement == ${fluxString(this.measurement)})
      |> filter(fn: (r) => ${fluxExpression(fields)})
      ${fluxExpression(pipeline)}`;
    return new Promise((resolve, reject) => {
      const collected: T[] = [];
      let layout: unknown;
      let indexes: number[] = [];
      this.#queries.queryRows(query, {
        next: (row, table) => {
          if (layout !== table) {
            layout = table;
            indexes = columns.map((label) => table.column(label, false).index);
          }
          const mapped = map(indexes.map((index) => row[index]));
          if (mapped !== undefined) collected.push(mapped);
        },
        error: reject,
        complete: () => {
          resolve(collected);
        },
      });
    });
  }
}

function fieldValue(text: string | undefined): number | string | undefined {
  if (text === undefined || text === "") return undefined;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}
