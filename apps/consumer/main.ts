import { once } from "node:events";
import { type EachBatchPayload } from "kafkajs";
import { createKafka } from "../shared/kafka";
import { readSecret, runProgram } from "../shared/lifecycle";
import { decodeMessage, epochNs, header, messageId } from "../shared/message";
import { untilDone } from "../shared/retry";
import { type OutgoingRecord, Sender } from "../shared/sender";
import { type Alert, AlertFolding } from "./alerts";
import { consumerConfig } from "./config";
import { deadLetterOf } from "./deadLetter";
import { EventStream } from "./events";
import { type DeadLetter, deadLetterNote, LiveView, trendRoute } from "./live";
import { bundledPage, pageRoutes } from "./page";
import { Rate, Recent } from "./recent";
import { type Anomaly, Stations } from "./stations";
import { alertsWebhook } from "./webhook";

/** Messages between two signs of life to the group. */
const messagesPerHeartbeat = 1_000;

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
  const alertCount = metrics.counter(
    "weather_consumer_alerts_total",
    "Alerts received, by what became of them.",
  );
  const restarts = metrics.counter(
    "weather_consumer_restarts_total",
    "Times that kafkajs gave up and was started again.",
  );
  const lagGauge = metrics.gauge("weather_consumer_lag", "Messages of the partition not taken in yet.");
  const stationGauge = metrics.gauge("weather_consumer_stations", "Stations known.");

  const token = readSecret("alerts.tokenFile", config.alerts.tokenFile);
  const kafka = createKafka("consumer", config.kafka, log);
  const sender = new Sender(kafka);
  const stations = new Stations(config.statistics, config.duplicateWindowPoints);
  const rate = new Rate(10);
  const anomalies = new Recent<Anomaly>(50);
  const alerts = new Recent<Alert>(50);
  const deadLetterNotes = new Recent<DeadLetter>(50);
  const lag = new Map<number, number>();

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
  route("GET /state", () => ({
    status: 200,
    body: {
      time: new Date().toISOString(),
      messagesPerSecond: rate.perSecond(),
      lag: Object.fromEntries(lag),
      stations: stations.summary(),
      anomalies: anomalies.list(),
      alerts: alerts.list(),
      deadLetters: deadLetterNotes.list(),
    },
  }));

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
    ...{ stations, rate, lag, anomalies, alerts, deadLetters: deadLetterNotes },
    fault: () => health.fault(),
  });
  const events = new EventStream(live, {
    intervalMs: 500,
    heartbeatMs: 5_000,
    stalledAfterMs: 30_000,
    maxClients: 64,
  });
  route("GET /events", (request) => events.accept(request));
  route("GET /trend", trendRoute(stations));
  const page = bundledPage();
  for (const [path, answer] of page ? pageRoutes(page) : []) route(path, answer);

  const process = (
    topic: string,
    partition: number,
    message: EachBatchPayload["batch"]["messages"][number],
  ): OutgoingRecord | undefined => {
    const decoded = decodeMessage(message.value, message.headers?.[header.schemaVersion]?.toString());
    if ("fault" in decoded) {
      log("warn", "a message can't be used", { partition, offset: message.offset, reason: decoded.fault });
      return deadLetterOf(topic, partition, message, decoded.fault);
    }
    const weather = decoded.message;
    const found = stations.take(messageId(weather.station, epochNs(weather.time) ?? ""), weather, partition);
    if (!found) {
      duplicates.add(1);
      return undefined;
    }
    processed.add(1);
    rate.add(1);
    for (const anomaly of found) {
      anomalyCount.add(1, { measure: anomaly.measure });
      anomalies.add(anomaly);
    }
    return undefined;
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    for (
      let i = 0;
      i < batch.messages.length && payload.isRunning() && !payload.isStale();
      i += messagesPerHeartbeat
    ) {
      const part = batch.messages.slice(i, i + messagesPerHeartbeat);
      const dead = part.flatMap((message) => process(batch.topic, batch.partition, message) ?? []);
      if (dead.length > 0) {
        await sender.send(config.deadLetterTopic, dead);
        deadLetters.add(dead.length);
        for (const record of dead) deadLetterNotes.add(deadLetterNote(record));
      }
      const last = part.at(-1)?.offset ?? batch.lastOffset();
      payload.resolveOffset(last);
      const behind = Math.max(0, Number(BigInt(batch.highWatermark) - BigInt(last)) - 1);
      lag.set(batch.partition, behind);
      lagGauge.set(behind, { partition: batch.partition });
      stationGauge.set(stations.size);
      await payload.heartbeat();
    }
  };

  const consumer = kafka.consumer({
    groupId: config.groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 1_000,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: {
      retries: 8,
      restartOnFailure: (error) => {
        restarts.add(1);
        health.trouble(error.message);
        return Promise.resolve(true);
      },
    },
  });
  consumer.on("consumer.heartbeat", () => {
    health.progress();
  });
  consumer.on("consumer.group_join", ({ payload }) => {
    const mine = new Set(payload.memberAssignment[config.topic] ?? []);
    stations.keepPartitions(mine);
    for (const partition of lag.keys()) if (!mine.has(partition)) lag.delete(partition);
    log("info", "joined the group", { partitions: [...mine] });
    // A member without a partition has nothing to read, and is well.
    health.progress();
  });

  log("info", "started", { topic: config.topic, group: config.groupId });
  await untilDone(
    async () => {
      await consumer.connect();
      await consumer.subscribe({ topic: config.topic, fromBeginning: true });
      // kafkajs commits after each batch, and only what was resolved: processed.
      await consumer.run({ eachBatchAutoResolve: false, eachBatch });
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
