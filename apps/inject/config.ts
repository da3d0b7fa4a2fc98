import { z } from "zod";
import { httpServer, influxdbConnection, ms } from "../shared/config";

const simulate = z.strictObject({
  kind: z.literal("simulate"),
  seed: z
    .int("must be a whole number")
    .default(1)
    .describe("The same seed gives the same weather. Default 1."),
  stations: z
    .int("must be a whole number")
    .min(1, "must be 1..10000")
    .max(10_000, "must be 1..10000")
    .default(50)
    .describe("Number of stations, named station-0001 and so on. Default 50."),
  pointsPerSecond: z
    .number("must be a number")
    .positive("must be above 0")
    .max(100_000, "must be at most 100000")
    .default(50)
    .describe("Points a second over all stations; each station reports in turn. Default 50."),
});

const seattle = z.strictObject({
  kind: z.literal("seattle"),
  simulatedHoursPerMinute: z
    .number("must be a number")
    .positive("must be above 0")
    .max(60_000, "must be at most 60000")
    .default(60)
    .describe(
      "Hours of the data set replayed in a minute. Default 60: a point a second, a day in 24 seconds.",
    ),
});

/** Config of inject: where the weather comes from, and the bucket it is written to. */
export const injectConfig = z.strictObject({
  source: z
    .discriminatedUnion("kind", [simulate, seattle], { error: 'kind must be "simulate" or "seattle"' })
    .describe(
      "`simulate`: made-up but plausible weather. `seattle`: NOAA's hourly normals of Seattle, from today's hour on, in a loop.",
    ),
  influxdb: influxdbConnection,
  flushMs: ms.default(1_000).describe("A batch is written this often. Default 1000."),
  bufferedPoints: z
    .int("must be a whole number")
    .min(1_000, "must be at least 1000")
    .default(100_000)
    .describe(
      "Points kept in memory while InfluxDB is away; then they go to the spool, or the oldest are dropped. Default 100000.",
    ),
  spool: z
    .strictObject({
      directory: z
        .string()
        .min(1, "must be a directory")
        .describe("Directory of the spool, best on a volume."),
      maxBytes: z
        .int("must be a whole number of bytes")
        .min(1_000_000, "must be at least 1000000")
        .default(1_000_000_000)
        .describe("Beyond this the oldest points are dropped. Default 1 GB."),
    })
    .optional()
    .describe("Keeps on disk what memory can't, across restarts too. Default: none."),
  http: httpServer,
});
export type InjectConfig = z.output<typeof injectConfig>;
