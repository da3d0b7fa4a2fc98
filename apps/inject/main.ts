import { runProgram } from "../shared/lifecycle";
import { createInfluxdb, writeThrough } from "../shared/influxdb";
import { sleep } from "../shared/retry";
import { Backlog } from "./backlog";
import { injectConfig, type InjectConfig } from "./config";
import { seattleNormals, seattleSource } from "./seattle";
import { simulatedSource } from "./simulate";
import { Spool } from "./spool";
import { type Source, toLine } from "./weather";
import { Writer } from "./writer";

/** Time to write what is left after SIGTERM. */
const flushOnStopMs = 5_000;

void runProgram("inject", injectConfig, async (config, { log, metrics, health, stop }) => {
  const written = metrics.counter("weather_inject_points_written_total", "Points acknowledged by InfluxDB.");
  const failures = metrics.counter(
    "weather_inject_write_failures_total",
    "Writes that failed and were repeated.",
  );
  const droppedPoints = metrics.counter("weather_inject_points_dropped_total", "Points given up, by reason.");
  const buffered = metrics.gauge("weather_inject_points_buffered", "Points in memory, not yet in InfluxDB.");
  const spooled = metrics.gauge(
    "weather_inject_spooled_bytes",
    "Line protocol on disk, not yet in InfluxDB.",
  );

  const dropped = (points: number, reason: string, detail: Record<string, unknown> = {}): void => {
    droppedPoints.add(points, { reason });
    log("error", "points dropped", { points, reason, ...detail });
  };
  const backlog = new Backlog(
    {
      maxLines: config.bufferedPoints,
      ...(config.spool && { spool: new Spool(config.spool.directory), maxSpoolBytes: config.spool.maxBytes }),
    },
    (points, reason) => {
      dropped(points, reason);
    },
  );
  const influxdb = createInfluxdb(config.influxdb);
  const writeApi = influxdb.getWriteApi(config.influxdb.org, config.influxdb.bucket, "ns", {
    maxRetries: 0,
    flushInterval: 0,
    batchSize: 10_000,
  });
  const writer = new Writer(writeThrough(writeApi), backlog, {
    written: (points) => {
      written.add(points);
      health.progress();
    },
    failed: (reason, retryInMs) => {
      failures.add(1);
      health.trouble(`InfluxDB takes no points: ${reason}`);
      log("warn", "InfluxDB takes no points", { reason, retryInMs, bufferedPoints: backlog.linesInMemory });
    },
    refused: (points, reason) => {
      dropped(points, "refused by InfluxDB", { detail: reason });
    },
  });

  const source = sourceOf(config);
  const showBacklog = (): void => {
    buffered.set(backlog.linesInMemory);
    spooled.set(backlog.spooledBytes);
  };
  log("info", "started", { source: config.source, bucket: config.influxdb.bucket });

  const idle = Math.max(config.flushMs, 1);
  let writing = Promise.resolve();
  let isWriting = false;
  while (!stop.aborted) {
    backlog.push(source.due(Date.now()).map(toLine));
    showBacklog();
    if (!isWriting) {
      isWriting = true;
      // A slow source has no points for long stretches: nothing left to write is progress too.
      if (backlog.isEmpty) health.progress();
      writing = writer.drain(stop).finally(() => (isWriting = false));
    }
    await sleep(idle, stop);
  }

  await writing;
  await writer.drain(AbortSignal.timeout(flushOnStopMs));
  backlog.close();
  showBacklog();
});

function sourceOf({ source }: InjectConfig): Source {
  switch (source.kind) {
    case "simulate":
      return simulatedSource(source, Date.now());
    case "seattle":
      return seattleSource(seattleNormals(), source, Date.now());
  }
}
