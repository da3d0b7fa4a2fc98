import { type Admin, ConfigResourceTypes } from "kafkajs";
import { clientTls, createKafka } from "../shared/kafka";
import { runProgram } from "../shared/lifecycle";
import { reasonOf, withoutRepeats } from "../shared/log";
import { sleep } from "../shared/retry";
import { type LogEnds, lookAtCluster } from "./cluster";
import { monitorConfig } from "./config";
import { clusterFigures } from "./figures";
import { partitionKey } from "./requests";

/** `min.insync.replicas` changes seldom. */
const configsEveryMs = 60_000;

void runProgram("monitor", monitorConfig, async (config, { log, metrics, health, stop }) => {
  const looks = metrics.counter(
    "weather_monitor_looks_total",
    "Looks that succeeded, by what was looked at.",
  );
  const failures = metrics.counter(
    "weather_monitor_failures_total",
    "Looks that failed, by what was looked at.",
  );
  const expected = metrics.gauge("weather_kafka_brokers_expected", "Brokers that there should be.");
  const groupLag = metrics.gauge(
    "weather_kafka_group_lag",
    "Messages of a partition that a group has not committed.",
  );

  const show = clusterFigures(metrics, config.deadLetterTopics);

  const quiet = withoutRepeats(log, 30_000);
  const tls = clientTls(config.kafka);
  const kafka = createKafka("monitor", config.kafka, log);
  let minIsrOf: ReadonlyMap<string, number> = new Map();
  let topics: readonly string[] = [];
  let ends: readonly LogEnds[] = [];
  expected.set(config.kafka.brokers.length);

  const lookAtBrokers = async (): Promise<void> => {
    const look = await lookAtCluster({
      addresses: config.kafka.brokers,
      timeoutMs: config.answerWithinMs,
      recentSinceMs: Date.now() - config.recentMs,
      ...(tls && { tls }),
    });
    show(look, minIsrOf);
    ({ ends } = look);
    topics = [...new Set(look.view?.partitions.map(({ topic }) => topic) ?? topics)];
    if (look.failures.length > 0) quiet("warn", "brokers do not answer", { reasons: look.failures });
    // A cluster that is down is what a monitor is for: it is well as long as it looks.
    health.progress();
  };

  const lookAtGroups = async (admin: Admin): Promise<void> => {
    const lags = await Promise.all(
      config.groups.map(async ({ groupId, topics }) => {
        const committed = await admin.fetchOffsets({ groupId, topics });
        return committed.flatMap(({ topic, partitions }) =>
          partitions.flatMap(({ partition, offset }) => {
            const log = ends.find((one) => partitionKey(one) === partitionKey({ topic, partition }));
            if (!log) return [];
            // Nothing committed yet, or what was has been deleted: the group goes on at the beginning.
            const from = Math.max(Number(offset), log.beginning);
            return [[Math.max(0, log.end - from), { group: groupId, topic, partition }] as const];
          }),
        );
      }),
    );
    groupLag.replace(lags.flat());
  };

  const lookAtConfigs = async (admin: Admin): Promise<void> => {
    if (topics.length === 0) return;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        type: ConfigResourceTypes.TOPIC,
        name,
        configNames: ["min.insync.replicas"],
      })),
    });
    minIsrOf = new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        Number(configEntries[0]?.configValue ?? 1),
      ]),
    );
  };

  /** Looks again and again, each beginning `everyMs` after the last one began. */
  const keepLooking = async (what: string, everyMs: () => number, look: () => Promise<void>) => {
    while (!stop.aborted) {
      const begun = Date.now();
      try {
        await look();
        looks.add(1, { what });
      } catch (error) {
        failures.add(1, { what });
        quiet("warn", `${what} can't be looked at`, { reason: reasonOf(error) });
      }
      await sleep(Math.max(100, begun + everyMs() - Date.now()), stop);
    }
  };

  /** With a client of its own, made anew after a failure: kafkajs may hold on to brokers that are gone. */
  const withAdmin = (look: (admin: Admin) => Promise<void>, failed: () => void) => {
    let admin: Admin | undefined;
    const end = async () => {
      await admin?.disconnect().catch(() => undefined);
      admin = undefined;
    };
    const lookWith = async () => {
      try {
        if (!admin) {
          admin = kafka.admin();
          await admin.connect();
        }
        await look(admin);
      } catch (error) {
        failed();
        await end();
        throw error;
      }
    };
    return { look: lookWith, end };
  };
  const groups = withAdmin(lookAtGroups, () => {
    // An old lag told as if it were today's would be worse than none.
    groupLag.replace([]);
  });
  const configs = withAdmin(lookAtConfigs, () => undefined);

  log("info", "started", { brokers: config.kafka.brokers, intervalMs: config.intervalMs });
  await Promise.all([
    keepLooking("cluster", () => config.intervalMs, lookAtBrokers),
    keepLooking("groups", () => config.intervalMs, groups.look),
    keepLooking("configs", () => (minIsrOf.size === 0 ? config.intervalMs : configsEveryMs), configs.look),
  ]);
  await Promise.all([groups.end(), configs.end()]);
});
