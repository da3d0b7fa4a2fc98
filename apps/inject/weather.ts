/** Weather measured at one moment. Humidity only where it is known. */
export interface Weather {
  /** °C */
  readonly temperature: number;
  /** hPa */
  readonly pressure: number;
  /** m/s */
  readonly wind: number;
  /** % */
  readonly humidity?: number;
}

/** A measurement of one station at one moment. */
export interface Point extends Weather {
  readonly station: string;
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
}

/** Gives the points that fall due, in order of time; no two of a station at the same nanosecond. */
export interface Source {
  /** The points due up to now since the last call. */
  due(now: number): Point[];
}

/** A point in InfluxDB's line protocol: measurement `weather`, tag `station`, float fields, nanoseconds. */
export function toLine({ station, timeNs, temperature, pressure, wind, humidity }: Point): string {
  const tag = station.replace(/[,= ]/g, "\\$&");
  const fields = `temperature=${temperature},pressure=${pressure},wind=${wind}`;
  return `weather,station=${tag} ${fields}${humidity === undefined ? "" : `,humidity=${humidity}`} ${timeNs}`;
}
