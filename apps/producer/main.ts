import { createInfluxdb } from "../shared/influxdb";
import { createKafka } from "../shared/kafka";
import { runProgram } from "../shared/lifecycle";
import { reasonOf } from "../shared/log";
import { Sender } from "../shared/sender";
import { sleep, untilDone } from "../shared/retry";
import { producerConfig } from "./config";
import { Follower, type NewPoint } from "./follower";
import { publicationOf } from "./publication";
import { recoverPublished } from "./recovery";
import { InfluxdbPointStore } from "./store";

void runProgram("producer", producerConfig, async (config, { log, metrics, health, stop }) => {
  const published = metrics.counter(
    "weather_producer_messages_published_total",
    "Weather messages acknowledged by Kafka.",
  );
  const deadLetters = metrics.counter(
    "weather_producer_dead_letters_total",
    "Points that are no weather message.",
  );
  const duplicates = metrics.counter(
    "weather_producer_duplicates_skipped_total",
    "Points read again after their publication.",
  );
  const late = metrics.counter(
    "weather_producer_late_points_total",
    "Points found behind newer ones, and published.",
  );
  const failures = metrics.counter(
    "weather_producer_failures_total",
    "Looks that failed, and were repeated.",
  );
  const recoveries = metrics.counter(
    "weather_producer_recoveries_total",
    "Times that what is published was read from the topic.",
  );
  const behind = metrics.gauge(
    "weather_producer_behind_seconds",
    "Time since all points there were known to be published.",
  );
  const pollSeconds = metrics.gauge(
    "weather_producer_poll_seconds",
    "Duration of the last look for new points.",
  );

  const kafka = createKafka("producer", config.kafka, log);
  const sender = new Sender(kafka);
  const store = new InfluxdbPointStore(
    createInfluxdb(config.influxdb),
    config.influxdb.org,
    config.influxdb.bucket,
    config.measurement,
  );

  const publish = async (points: readonly NewPoint[]): Promise<void> => {
    const publications = points.map(publicationOf);
    const messages = publications.filter(({ kind }) => kind === "message");
    const dead = publications.filter((publication) => publication.kind === "dead letter");
    await Promise.all([
      sender.send(
        config.topic,
        messages.map(({ record }) => record),
      ),
      sender.send(
        config.deadLetterTopic,
        dead.map(({ record }) => record),
      ),
    ]);
    published.add(messages.length);
    if (dead.length > 0) {
      deadLetters.add(dead.length);
      log("warn", "points are no weather messages", {
        points: dead.length,
        example: dead[0]?.record.key,
        reason: dead[0]?.reason,
      });
    }
    health.progress();
  };

  const recover = async (): Promise<Follower | undefined> => {
    const state = await untilDone(
      () => recoverPublished(kafka, { ...config, groupPrefix: config.recoveryGroupPrefix }, stop),
      stop,
      (reason, retryInMs) => {
        failures.add(1);
        health.trouble(`what is published can't be read from Kafka: ${reason}`);
        log("warn", "what is published can't be read from Kafka", { reason, retryInMs });
      },
    );
    if (!state) return undefined;
    recoveries.add(1);
    log("info", "read from the topic what is published", {
      newest: state.newestMs === undefined ? "nothing" : new Date(state.newestMs).toISOString(),
      idsInWindow: state.ids.size,
    });
    return new Follower(store, publish, state, {
      lateArrivalMs: config.lateArrivalMs,
      stop,
      duplicates: (count) => {
        duplicates.add(count);
      },
      late: (count) => {
        late.add(count);
      },
    });
  };

  log("info", "started", { bucket: config.influxdb.bucket, topic: config.topic });
  let upToDate = Date.now();
  const showBehind = setInterval(() => {
    behind.set((Date.now() - upToDate) / 1_000);
  }, 500);
  let follower: Follower | undefined;
  let failuresInARow = 0;
  while (!stop.aborted) {
    follower ??= await recover();
    if (!follower) break;
    const begun = Date.now();
    let waitMs: number = config.pollMs;
    try {
      await follower.step();
      upToDate = begun;
      pollSeconds.set((Date.now() - begun) / 1_000);
      failuresInARow = 0;
      health.progress();
    } catch (error) {
      if (isAborted(stop)) break;
      if (follower.inDoubt) follower = undefined;
      waitMs = Math.min(250 * 2 ** failuresInARow++, 5_000);
      failures.add(1);
      health.trouble(reasonOf(error));
      log("warn", "new points can't be followed", { reason: reasonOf(error), retryInMs: waitMs });
    }
    await sleep(waitMs, stop);
  }
  clearInterval(showBehind);
  await sender.close();
});

/** Asked anew: TypeScript believes that a signal not aborted before an await isn't aborted after it either. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
