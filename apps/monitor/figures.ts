import { type Metrics } from "../shared/metrics";
import { type ClusterLook } from "./cluster";
import { bytesByTopic, fullestVolume, Lasting, partitionStates } from "./state";

/** Shows a look at the cluster in the metrics. */
export type ShowCluster = (look: ClusterLook, minIsrOf: ReadonlyMap<string, number>) => void;

/** Declares the gauges of the cluster. What a look doesn't tell is left out of them, never shown as it was before. */
export function clusterFigures(
  metrics: Metrics,
  deadLetterTopics: readonly string[],
  now: () => number = Date.now,
): ShowCluster {
  const gauge = (name: string, help: string) => metrics.gauge(`weather_kafka_${name}`, help);
  const brokers = gauge("brokers", "Brokers that are registered and unfenced.");
  const controllerLeader = gauge("controller_leader", "Node id of the controller that leads, -1 for none.");
  const controllerLag = gauge("controller_lag", "Metadata records a controller is behind the quorum.");
  const underReplicated = gauge(
    "under_replicated_partitions",
    "Partitions with fewer replicas in sync than replicas.",
  );
  const underMinIsr = gauge(
    "under_min_isr_partitions",
    "Partitions with fewer replicas in sync than min.insync.replicas.",
  );
  const offline = gauge("offline_partitions", "Partitions without a leader.");
  const notWhole = gauge(
    "under_replicated_seconds",
    "Time since every partition was whole; 0 while all are.",
  );
  const endOffset = gauge("end_offset", "Log end offset of a partition.");
  const recentDeadLetters = gauge("recent_dead_letters", "Dead letters of the last minute.");
  const topicBytes = gauge("topic_bytes", "Bytes of a topic's partitions on a broker.");
  const logBytes = gauge("log_bytes", "Bytes of all partitions on a broker.");
  const diskTotal = gauge("disk_total_bytes", "Size of the volume of a broker's logs.");
  const diskUsable = gauge("disk_usable_bytes", "Bytes that can still be written on the volume.");
  const diskUsablePercent = gauge("disk_usable_percent", "The same, in percent of its size.");
  const underReplication = new Lasting(now);

  return ({ view, logs, ends }, minIsrOf) => {
    brokers.set(view?.brokers.length ?? 0);
    controllerLeader.set(view?.quorum.leader ?? -1);
    controllerLag.replace(
      (view?.quorum.voters ?? []).map(({ id, logEndOffset }) => [
        Math.max(0, (view?.quorum.highWatermark ?? 0) - logEndOffset),
        { controller: id },
      ]),
    );
    const states = view && partitionStates(view.partitions, minIsrOf);
    underReplicated.replace(states ? [[states.underReplicated]] : []);
    underMinIsr.replace(states ? [[states.underMinIsr]] : []);
    offline.replace(states ? [[states.offline]] : []);
    // Where no broker answers, no partition is known to be whole.
    notWhole.set(underReplication.seconds(states === undefined || states.underReplicated > 0));

    endOffset.replace(ends.map(({ topic, partition, end }) => [end, { topic, partition }]));
    recentDeadLetters.replace(
      deadLetterTopics.flatMap((topic) => {
        const own = ends.filter((one) => one.topic === topic);
        return own.length === 0
          ? []
          : [[sum(own.map(({ recent, end }) => end - recent)), { topic }] as const];
      }),
    );

    const ofBrokers = logs.map(({ broker, dirs }) => ({
      broker,
      bytes: bytesByTopic(dirs),
      volume: fullestVolume(dirs),
    }));
    topicBytes.replace(
      ofBrokers.flatMap(({ broker, bytes }) =>
        [...bytes].map(([topic, size]) => [size, { topic, broker }] as const),
      ),
    );
    logBytes.replace(ofBrokers.map(({ broker, bytes }) => [sum([...bytes.values()]), { broker }]));
    const volumes = ofBrokers.flatMap(({ broker, volume }) => (volume ? [{ broker, ...volume }] : []));
    diskTotal.replace(volumes.map(({ broker, totalBytes }) => [totalBytes, { broker }]));
    diskUsable.replace(volumes.map(({ broker, usableBytes }) => [usableBytes, { broker }]));
    diskUsablePercent.replace(volumes.map(({ broker, usablePercent }) => [usablePercent, { broker }]));
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
