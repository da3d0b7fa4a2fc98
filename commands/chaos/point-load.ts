import { InfluxDB, setLogger } from "@influxdata/influxdb-client";
import { SigninAPI } from "@influxdata/influxdb-client-apis";
import { toLine } from "../../apps/inject/weather";
import { writeThrough } from "../../apps/shared/influxdb";
import { type OffsetRange, readRanges } from "../../apps/shared/topicReader";
import { reasonOf } from "../../apps/shared/log";
import { header } from "../../apps/shared/message";
import { sleep } from "../../apps/shared/retry";
import { type PipelineOutputs } from "../../components/outputs";
import { deployersKafka } from "../live/kafka-client";
import { Ledger } from "./ledger";
import { Observations } from "./observations";

const stationCount = 10;

/** How often what has fallen due is written. */
const everyMs = 250;

/**
 * Points of a run's own stations into InfluxDB, looked for in `weather`: what the pipeline itself carries.
 *
 * It writes as the administrator with a session, which leaves no token behind; InfluxDB forgets sessions when it restarts, so a
 * refused write signs in anew.
 */
export class PointLoad {
  readonly ledger: Ledger;
  /** Why the last write failed; it was repeated. */
  failed: string | undefined;
  private write: ((lines: readonly string[]) => Promise<void>) | undefined;

  private constructor(
    private readonly outputs: PipelineOutputs,
    private readonly observations: Observations,
    startMs: number,
    /** First offset of each partition of `weather` that hasn't been read yet. */
    private readonly next: Map<number, bigint>,
  ) {
    this.ledger = new Ledger(stationCount, startMs);
  }

  /** Notes where `weather` ends now, and signs in. @throws Error where Kafka or InfluxDB doesn't answer. */
  static async open(outputs: PipelineOutputs, run: string, pointsPerSecond: number): Promise<PointLoad> {
    // Failures are told by this load, once each.
    setLogger({ error: () => undefined, warn: () => undefined });
    const ends = await weatherEnds(outputs);
    const stations = Array.from({ length: stationCount }, (_, index) => `${run}-station-${index + 1}`);
    const startMs = Date.now();
    const observations = new Observations(stations, startMs, pointsPerSecond);
    const load = new PointLoad(outputs, observations, startMs, ends);
    load.write = await load.signIn();
    return load;
  }

  /** Writes until the signal; what was under way then is tried for half a minute more. */
  async run(stop: AbortSignal): Promise<void> {
    for (let next = 0; !stop.aborted;) {
      const due = this.observations.dueAt(Date.now());
      if (due > next) {
        const [from, to] = [next, due];
        const lines = this.observations.stations.flatMap((_, station) =>
          Array.from({ length: to - from }, (_, index) =>
            toLine(this.observations.at(station, from + index)),
          ),
        );
        if (await this.writeAcknowledged(lines, stop)) {
          const now = Date.now();
          for (const station of this.observations.stations.keys())
            this.ledger.acknowledge(station, from, to, now);
        }
        next = due;
      }
      await sleep(everyMs, stop);
    }
  }

  private async writeAcknowledged(lines: readonly string[], stop: AbortSignal): Promise<boolean> {
    let deadline = Infinity;
    while (Date.now() < deadline) {
      try {
        this.write ??= await this.signIn();
        await this.write(lines);
        return true;
      } catch (error) {
        this.failed = reasonOf(error);
        this.write = undefined;
      }
      if (stop.aborted) deadline = Math.min(deadline, Date.now() + 30_000);
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return false;
  }

  private async signIn(): Promise<(lines: readonly string[]) => Promise<void>> {
    const { influxdb, influxdbPassword, trustedCertificates } = this.outputs;
    const options = {
      url: influxdb.url,
      timeout: 5_000,
      ...(trustedCertificates !== undefined && { transportOptions: { ca: trustedCertificates } }),
    };
    let cookie = "";
    await new SigninAPI(new InfluxDB(options)).postSignin(
      { auth: { user: influxdb.username, password: influxdbPassword } },
      {
        responseStarted: (headers) => {
          cookie = [headers["set-cookie"] ?? []].flat()[0]?.split(";")[0] ?? "";
        },
      },
    );
    const signedIn = new InfluxDB({ ...options, headers: { cookie } });
    return writeThrough(
      signedIn.getWriteApi(influxdb.org, influxdb.bucket, "ns", {
        maxRetries: 0,
        flushInterval: 0,
        batchSize: 100_000,
      }),
    );
  }

  /** Reads what has come into `weather` since the last time into the ledger. */
  async collect(signal: AbortSignal): Promise<void> {
    const ends = await weatherEnds(this.outputs);
    const ranges = [...ends].map(([partition, end]): OffsetRange => ({
      ...{ topic: "weather", partition, start: this.next.get(partition) ?? 0n, end },
    }));
    await readRanges(
      deployersKafka(this.outputs, "weather-chaos"),
      "weather-chaos-",
      ranges,
      (_topic, _partition, records) => {
        for (const { headers } of records) {
          const found = this.observations.find(headers?.[header.messageId]?.toString() ?? "");
          if (found) this.ledger.arrive(found.station, found.number);
        }
      },
      signal,
    );
    for (const [partition, end] of ends) this.next.set(partition, end);
  }
}

async function weatherEnds(outputs: PipelineOutputs): Promise<Map<number, bigint>> {
  const admin = deployersKafka(outputs, "weather-chaos").admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets("weather");
    return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** Whether `weather` holds a record of that time or later: whether points written then have come through. */
export async function flowsFrom(outputs: PipelineOutputs, timeMs: number): Promise<boolean> {
  const admin = deployersKafka(outputs, "weather-chaos").admin();
  await admin.connect();
  try {
    const ends = new Map(
      (await admin.fetchTopicOffsets("weather")).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const from = await admin.fetchTopicOffsetsByTimestamp("weather", timeMs);
    return from.some(({ partition, offset }) => BigInt(offset) < (ends.get(partition) ?? 0n));
  } finally {
    await admin.disconnect();
  }
}
