import { toLine } from "../../apps/inject/weather";
import { influxClient, pointsIn } from "../live/influxdb";
import { bodiesOf, createBucket, removeBucket, writeBodies } from "./influxdb";
import { type Bench, type Part } from "./part";
import { parallelWrites } from "./path";
import { freePort } from "./ports";
import { ProcessorTime } from "./processor-time";
import { Program } from "./program";
import { type Count, type Finding } from "./report";
import { pastPoints } from "./weather";

const written = "weather_inject_points_written_total";

/** The most that inject's configuration allows. */
const pointsPerSecond = 100_000;

const stations = 50;

/** The inject program at full speed against the same lines written by nothing but requests. */
export const injectPart: Part = {
  needs: "servers",
  subject: "Writing to InfluxDB: the inject program against parallel raw writes",
  limitSeconds: 600,
  run: async (bench) => [await injectAgainstWrites(bench)],
};

async function injectAgainstWrites({ servers, rounds, quick, signal, tell }: Bench): Promise<Finding> {
  const { influxdb, processes } = servers;
  const points = quick ? 20_000 : 400_000;
  const seconds = quick ? 3 : 10;
  const bodies = bodiesOf([...pastPoints(points, stations)].flatMap((some) => some.map(toLine)));
  const values = { own: [] as number[], other: [] as number[] };
  const times = { own: new ProcessorTime(), other: new ProcessorTime() };
  const counts: Count[] = [];
  for (let round = 1; round <= rounds; round++) {
    const ours = async () => {
      const bucket = `bench-inject-${round}`;
      await createBucket(influxdb, bucket);
      const config = {
        source: { kind: "simulate", stations, pointsPerSecond },
        influxdb: {
          ...servers.producer.influxdb,
          bucket,
          tokenFile: servers.write("influxdb-token", influxdb.token),
        },
      };
      const program = Program.start("inject", servers, config, await freePort(), signal);
      try {
        await program.logged("started", signal);
        const watched = { inject: [program.pid], influxd: processes.influxd };
        const { rate, points: acknowledged } = await times.own.during(watched, () =>
          writingSpeed(program, seconds * 1_000, signal),
        );
        values.own.push(rate);
        await program.stop();
        counts.push({ where: bucket, ...(await atLeastWritten(servers, bucket, acknowledged)) });
      } finally {
        await program.stop();
        await removeBucket(influxdb, bucket);
      }
    };
    const theirs = async () => {
      const bucket = `bench-writes-${round}`;
      await createBucket(influxdb, bucket);
      const begun = performance.now();
      await times.other.during({ bench: [process.pid], influxd: processes.influxd }, () =>
        writeBodies({ ...influxdb, bucket }, bodies, parallelWrites, signal),
      );
      values.other.push((points * 1_000) / (performance.now() - begun));
      counts.push({ where: bucket, ...(await atLeastWritten(servers, bucket, points)) });
      await removeBucket(influxdb, bucket);
    };
    for (const side of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) await side();
    tell(
      `inject: round ${round}: ${Math.round(values.own.at(-1) ?? 0)} against ${Math.round(values.other.at(-1) ?? 0)} points/s`,
    );
  }
  return {
    kind: "comparison",
    what: `points of ${stations} stations; inject is asked for ${pointsPerSecond.toLocaleString("en")}/s and has to make them up`,
    unit: "points/s",
    own: { by: "inject program", values: values.own, cores: times.own.cores() },
    other: {
      by: `${parallelWrites} writers of 5,000 lines, ready made`,
      values: values.other,
      cores: times.other.cores(),
    },
    counts,
  };
}

/**
 * Points a second between two acknowledgements that lie at least so long apart, the first left out as that of a start. A batch
 * is acknowledged as a whole, so no other moments tell.
 */
async function writingSpeed(
  program: Program,
  leastMs: number,
  signal: AbortSignal,
): Promise<{ rate: number; points: number }> {
  const next = async (points: number) => ({
    atMs: await program.reaches(written, points + 1, signal),
    points: await program.metric(written),
  });
  const first = await next((await next(0)).points);
  for (let last = await next(first.points); ; last = await next(last.points)) {
    const tookMs = last.atMs - first.atMs;
    if (tookMs >= leastMs)
      return { rate: ((last.points - first.points) * 1_000) / tookMs, points: last.points };
  }
}

/** What a bucket holds, beside what was acknowledged; more may be in it, written while the figure was read. */
async function atLeastWritten(
  { influxdb, outputs }: Bench["servers"],
  bucket: string,
  expected: number,
): Promise<{ expected: number; held: number }> {
  const client = influxClient(
    { ...outputs, influxdb: { ...outputs.influxdb, url: influxdb.url } },
    influxdb.token,
  );
  const held = await pointsIn(client, influxdb.org, bucket);
  if (held < expected) throw new Error(`${bucket} holds ${held} points, not ${expected}`);
  return { expected, held };
}
