import { readFileSync } from "node:fs";
import { normalsFile } from "./normals-file";
import { type Point, type Source, type Weather } from "./weather";

/** Put in by the bundler (esbuild's `define`), so that the bundle needs no file beside it. */
declare const SEATTLE_HOURLY_NORMALS: string | undefined;

const hourMs = 3_600_000;

/** One hour of the data set. */
export interface HourlyNormal extends Weather {
  /** Hours since the year's beginning. */
  readonly hourOfYear: number;
}

/**
 * NOAA's hourly normals of Seattle, 8,759 rows of pressure (hPa), temperature (°C) and wind (m/s), from the npm package
 * vega-datasets (`data/seattle-weather-hourly-normals.csv`, BSD-3-Clause).
 */
export function seattleNormals(): HourlyNormal[] {
  return parseNormals(
    typeof SEATTLE_HOURLY_NORMALS === "string" ? SEATTLE_HOURLY_NORMALS : readFileSync(normalsFile(), "utf8"),
  );
}

/**
 * Reads the data set.
 *
 * @throws Error naming the line that isn't `date,pressure,temperature,wind`.
 */
export function parseNormals(csv: string): HourlyNormal[] {
  const [head, ...lines] = csv.trim().split(/\r?\n/);
  if (head !== "date,pressure,temperature,wind")
    throw new Error("the Seattle data set has an unknown head line");
  return lines.map((line, index) => {
    const [date = "", ...figures] = line.split(",");
    const timeMs = Date.parse(`${date}Z`);
    const [pressure, temperature, wind] = figures.map((figure) =>
      figure === "" ? Number.NaN : Number(figure),
    );
    if (![timeMs, pressure, temperature, wind].every(Number.isFinite)) {
      throw new Error(`line ${index + 2} of the Seattle data set can't be read`);
    }
    return { hourOfYear: hourOfYear(timeMs), pressure, temperature, wind } as HourlyNormal;
  });
}

function hourOfYear(timeMs: number): number {
  return Math.floor((timeMs - Date.UTC(new Date(timeMs).getUTCFullYear(), 0)) / hourMs);
}

/** Seattle is 8 hours behind UTC; the data set is in its local standard time. */
const seattleOffsetMs = -8 * hourMs;

/** After a pause longer than this (the machine slept) the points of the pause are left out. */
const maxGapMs = 10_000;

/**
 * The station `seattle`, hour after hour at the given speed, from the hour of the year it is there at `startMs`, in a loop.
 * Each point bears the time it is emitted at, not that of the data set.
 */
export function seattleSource(
  normals: readonly HourlyNormal[],
  { simulatedHoursPerMinute }: { simulatedHoursPerMinute: number },
  startMs: number,
): Source {
  const startHour = hourOfYear(startMs + seattleOffsetMs);
  const first = Math.max(
    0,
    normals.findIndex(({ hourOfYear }) => hourOfYear >= startHour),
  );
  const intervalMs = 60_000 / simulatedHoursPerMinute;
  let count = 0;
  return {
    due(now) {
      const points: Point[] = [];
      const gap = Math.floor((now - maxGapMs - startMs) / intervalMs) - count;
      if (gap > 0) count += gap;
      for (; startMs + count * intervalMs <= now; count++) {
        const { temperature, pressure, wind } = normals[(first + count) % normals.length] as HourlyNormal;
        const timeNs = BigInt(startMs) * 1_000_000n + BigInt(Math.round(count * intervalMs * 1e6));
        points.push({ station: "seattle", timeNs, temperature, pressure, wind });
      }
      return points;
    },
  };
}
