import { once } from "node:events";
import { type EachBatchPayload } from "kafkajs";
import { createInfluxdb, writeThrough } from "../shared/influxdb";
import { groupConsumer } from "../shared/group-consumer";
import { createKafka } from "../shared/kafka";
import { readSecret, runProgram } from "../shared/lifecycle";
import { type Route } from "../shared/http";
import { type Log } from "../shared/log";
import { untilDone } from "../shared/retry";
import { Sender } from "../shared/sender";
import { deadLetterOf } from "../shared/set-aside";
import { type Alert, AlertFolding } from "./alerts";
import { Analysis } from "./analysis";
import { AnomalyEffect, type Settled } from "./anomaly-effect";
import { consumerConfig, type ConsumerConfig } from "./config";
import { countedThings } from "./memory";
import { behindLogin } from "./login";
import { KafkaOffsets } from "./offsets";
import { EventStream } from "./events";
import { type DeadLetter, deadLetterNote, LiveView, trendRoute } from "./live";
import { bundledPage, pageRoutes } from "./page";
import { Rate, Recent } from "./recent";
import { takeRetries } from "./retries";
import { type Anomaly } from "./stations";
import { alertsWebhook } from "./webhook";

/** How long the analysis waits for an answer of InfluxDB. */
const anomalyTimeoutMs = 3_000;

void runProgram("consumer", consumerConfig, async (config, { log, metrics, health, stop, route }) => {
  const processed = metrics.counter(
    "weather_consumer_messages_total",
    "Weather messages taken in, each once.",
  );
  const duplicates = metrics.counter(
    "weather_consumer_duplicates_total",
    "Messages delivered again, without effect.",
  );
  const deadLetters = metrics.counter(
    "weather_consumer_dead_letters_total",
    "Messages that could not be used.",
  );
  const anomalyCount = metrics.counter(
    "weather_consumer_anomalies_total",
    "Values far from the mean of their station.",
  );
  const written = metrics.counter(
    "weather_consumer_anomalous_messages_written_total",
    "Messages whose anomalies InfluxDB has acknowledged.",
  );
  const retries = metrics.counter(
    "weather_consumer_retries_total",
    "Messages that were put into the retry topic, once an attempt.",
  );
  const alertCount = metrics.counter(
    "weather_consumer_alerts_total",
    "Alerts received, by what became of them.",
  );
  const restarts = metrics.counter(
    "weather_consumer_restarts_total",
    "Times that kafkajs gave up and was started again.",
  );
  const lagGauge = metrics.gauge("weather_consumer_lag", "Messages of the partition not taken in yet.");
  const countedGauge = metrics.gauge(
    "weather_consumer_counted",
    "What was counted of the partition since the group began, over all restarts.",
  );
  const stationGauge = metrics.gauge("weather_consumer_stations", "Stations known.");

  const token = readSecret("alerts.tokenFile", config.alerts.tokenFile);
  const password = config.login && readSecret("login.passwordFile", config.login.passwordFile);
  const show = (name: string, answer: Route): void => {
    route(name, password === undefined ? answer : behindLogin(password, answer));
  };
  const kafka = createKafka("consumer", config.kafka, log);
  const sender = new Sender(kafka);
  const rate = new Rate(10);
  const anomalies = new Recent<Anomaly>(50);
  const alerts = new Recent<Alert>(50);
  const deadLetterNotes = new Recent<DeadLetter>(50);

  route(
    "POST /alerts",
    alertsWebhook({
      token,
      folding: new AlertFolding(config.alerts.repeatAfterMs),
      send: (record) => sender.send(config.alerts.topic, [record]),
      onPublished: (alert) => {
        alertCount.add(1, { outcome: "published" });
        alerts.add(alert);
        log("info", "alert published", {
          check: alert.check,
          alertLevel: alert.level,
          tags: alert.tags,
          text: alert.message,
        });
      },
      onFolded: () => {
        alertCount.add(1, { outcome: "folded" });
      },
      onFailed: (reason) => {
        alertCount.add(1, { outcome: "failed" });
        log("warn", "an alert was not published in time", { reason });
      },
    }),
  );
  show("GET /state", () => ({
    status: 200,
    body: {
      time: new Date().toISOString(),
      messagesPerSecond: rate.perSecond(),
      lag: Object.fromEntries(analysis.lag),
      counted: analysis.counts(),
      stations: analysis.summary(),
      anomalies: anomalies.list(),
      alerts: alerts.list(),
      deadLetters: deadLetterNotes.list(),
    },
  }));

  const consumer = groupConsumer(kafka, {
    groupId: config.groupId,
    maxWaitTimeInMs: 100,
    onRestart: ({ message }) => {
      restarts.add(1);
      health.trouble(message);
    },
  });
  const effect = config.anomalies && anomalyEffect(config.anomalies, config.retryTopic, log);
  const keep = async ({ done, retries: again, deadLetters: dead }: Settled): Promise<void> => {
    await Promise.all([sender.send(config.retryTopic, again), sender.send(config.deadLetterTopic, dead)]);
    written.add(done);
    retries.add(again.length);
    deadLetters.add(dead.length);
    for (const letter of dead) deadLetterNotes.add(deadLetterNote(letter));
  };
  const analysis = new Analysis({
    statistics: config.statistics,
    offsets: new KafkaOffsets(kafka, config.groupId, config.topic),
    seek: (partition, offset) => {
      consumer.seek({ topic: config.topic, partition, offset: String(offset) });
    },
    effects: async ({ deadLetters: dead, anomalies: found }) => {
      if (dead[0])
        log("warn", "messages can't be used", {
          messages: dead.length,
          partition: dead[0].source.partition,
          offset: dead[0].source.message.offset,
          reason: dead[0].reason,
        });
      const letters = dead.map(({ source, reason }) => deadLetterOf(source, reason));
      await sender.send(config.deadLetterTopic, letters);
      for (const letter of letters) deadLetterNotes.add(deadLetterNote(letter));
      for (const anomaly of found.flatMap((one) => one.anomalies)) anomalies.add(anomaly);
      if (effect) await keep(await effect.settle(found.map((one) => ({ ...one, attempts: 0 }))));
    },
    counted: (more) => {
      processed.add(more.messages);
      rate.add(more.messages);
      duplicates.add(more.duplicates);
      anomalyCount.add(more.anomalies);
      deadLetters.add(more.deadLetters);
    },
    untilDone: (load) =>
      untilDone(load, stop, (reason, retryInMs) => {
        health.trouble(`the group's offsets can't be read: ${reason}`);
        log("warn", "the group's offsets can't be read", { reason, retryInMs });
      }),
  });

  const live = new LiveView({
    about: {
      topic: config.topic,
      group: config.groupId,
      deadLetterTopic: config.deadLetterTopic,
      alertsTopic: config.alerts.topic,
      startedMs: Date.now(),
      windowMs: config.statistics.windowMs,
      anomalyDeviations: config.statistics.anomalyDeviations,
    },
    ...{ stations: analysis, rate, lag: analysis.lag, anomalies, alerts, deadLetters: deadLetterNotes },
    fault: () => health.fault(),
  });
  const events = new EventStream(live, {
    intervalMs: 500,
    heartbeatMs: 5_000,
    stalledAfterMs: 30_000,
    maxClients: 64,
  });
  show("GET /events", (request) => events.accept(request));
  show("GET /trend", trendRoute(analysis));
  const page = bundledPage();
  for (const [path, answer] of page ? pageRoutes(page) : []) show(path, answer);

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    if (payload.batch.topic === config.retryTopic) {
      if (effect && config.anomalies) await takeRetries(payload, effect, config.anomalies.maxDelayMs, keep);
      return;
    }
    await analysis.take(payload.batch, payload);
    for (const [partition, behind] of analysis.lag) lagGauge.set(behind, { partition });
    for (const [partition, counts] of Object.entries(analysis.counts()))
      for (const what of countedThings) countedGauge.set(counts[what], { partition, what });
    stationGauge.set(analysis.stations);
  };

  consumer.on("consumer.heartbeat", () => {
    health.progress();
  });
  consumer.on("consumer.group_join", ({ payload }) => {
    const mine = new Set(payload.memberAssignment[config.topic] ?? []);
    const joinedAt = Date.now();
    void analysis.assigned(mine).then(() => {
      log("info", "knows where to go on", { counted: analysis.counts(), afterMs: Date.now() - joinedAt });
    });
    log("info", "joined the group", { partitions: [...mine] });
    // A member without a partition has nothing to read, and is well.
    health.progress();
  });

  log("info", "started", { topic: config.topic, group: config.groupId });
  await untilDone(
    async () => {
      await consumer.connect();
      const topics = effect ? [config.topic, config.retryTopic] : [config.topic];
      await consumer.subscribe({ topics, fromBeginning: true });
      // Each batch commits by itself: its offset together with what was counted up to it.
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
    },
    stop,
    (reason, retryInMs) => {
      health.trouble(`the topic can't be read: ${reason}`);
      log("warn", "the topic can't be read", { reason, retryInMs });
    },
  );
  if (!stop.aborted) await once(stop, "abort");
  events.close();
  await consumer.disconnect();
  await sender.close();
});

function anomalyEffect(
  anomalies: NonNullable<ConsumerConfig["anomalies"]>,
  retryTopic: string,
  log: Log,
): AnomalyEffect {
  const { influxdb } = anomalies;
  const api = createInfluxdb(influxdb, anomalyTimeoutMs).getWriteApi(influxdb.org, influxdb.bucket, "ns", {
    maxRetries: 0,
    flushInterval: 0,
    batchSize: 10_000,
  });
  return new AnomalyEffect(writeThrough(api), anomalies, retryTopic, log);
}
