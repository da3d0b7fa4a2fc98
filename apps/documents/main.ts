import { once } from "node:events";
import { groupConsumer } from "../shared/group-consumer";
import { createKafka } from "../shared/kafka";
import { runProgram } from "../shared/lifecycle";
import { untilDone } from "../shared/retry";
import { documentsConfig } from "./config";
import { type WeatherDocument } from "./document";
import { createMongo, upsert } from "./mongodb";
import { Sink } from "./sink";

void runProgram("documents", documentsConfig, async (config, { log, metrics, health, stop }) => {
  const written = metrics.counter(
    "weather_documents_written_total",
    "Documents that MongoDB has acknowledged; after a fault some again.",
  );
  const unusableCount = metrics.counter(
    "weather_documents_unusable_total",
    "Messages left out because they are no weather; the analysis makes dead letters of them.",
  );
  const failures = metrics.counter(
    "weather_documents_write_failures_total",
    "Writes that failed and were repeated.",
  );
  const restarts = metrics.counter(
    "weather_documents_restarts_total",
    "Times that kafkajs gave up and was started again.",
  );
  const lagGauge = metrics.gauge("weather_documents_lag", "Messages of the partition not written yet.");

  const mongo = createMongo(config.mongodb);
  const collection = mongo.db(config.mongodb.database).collection<WeatherDocument>(config.mongodb.collection);
  const consumer = groupConsumer(createKafka("documents", config.kafka, log), {
    groupId: config.groupId,
    maxWaitTimeInMs: 250,
    onRestart: ({ message }) => {
      restarts.add(1);
      health.trouble(message);
    },
  });

  let isMongoAway = false;
  const sink = new Sink({
    stop,
    write: async (documents) => {
      await upsert(collection, documents);
      if (isMongoAway) log("info", "MongoDB takes documents again");
      isMongoAway = false;
      health.progress();
    },
    kept: ({ documents, unusable, partition, lag }) => {
      lagGauge.set(lag, { partition });
      written.add(documents);
      unusableCount.add(unusable);
      if (unusable > 0) log("warn", "messages can't be used", { messages: unusable });
    },
    failed: (reason, retryInMs) => {
      isMongoAway = true;
      failures.add(1);
      health.trouble(`MongoDB takes no documents: ${reason}`);
      log("warn", "MongoDB takes no documents", { reason, retryInMs });
    },
  });
  // A group in good order is no progress while nothing can be written.
  const groupIsWell = (): void => {
    if (!isMongoAway) health.progress();
  };
  consumer.on("consumer.heartbeat", groupIsWell);
  consumer.on("consumer.group_join", ({ payload }) => {
    log("info", "joined the group", { partitions: payload.memberAssignment[config.topic] ?? [] });
    groupIsWell();
  });

  log("info", "started", { topic: config.topic, group: config.groupId, collection: collection.namespace });
  await untilDone(
    async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [config.topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => sink.take(payload.batch, payload),
      });
    },
    stop,
    (reason, retryInMs) => {
      health.trouble(`the topic can't be read: ${reason}`);
      log("warn", "the topic can't be read", { reason, retryInMs });
    },
  );
  if (!stop.aborted) await once(stop, "abort");
  await consumer.disconnect();
  await mongo.close();
});
