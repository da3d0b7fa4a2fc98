import { type BrokerView, brokerView, knownText, type Setting } from "./broker";
import { imageBaseName, type Mount } from "./container";
import { commaSeparated, type Property, unknown, wholeNumber } from "./property";
import { type PolicedResource, resourcePolicy, type ResourcePolicy, textList, type Verdict } from "./verdict";

function brokerRole(resource: PolicedResource): BrokerView | undefined {
  const broker = brokerView(resource);
  return broker?.hasRole("broker") ? broker : undefined;
}

/** A whole number at least so high; what isn't there counts as the broker's own default. Gives the number where it is known. */
function judgeMinimum(
  setting: Setting,
  minimum: number,
  ownDefault: number,
  verdict: Verdict,
): number | undefined {
  const { own, stray, variable } = setting;
  const instead = `${variable}=${minimum} or more`;
  if (stray) refuseStray(setting, verdict);
  if (own.isUnknown) {
    verdict.undecided(own);
    return undefined;
  }
  const value = own.isAbsent ? ownDefault : wholeNumber(knownText(own) ?? "");
  if (value === undefined) verdict.refuse(own, "isn't a whole number", instead);
  else if (value < minimum) {
    verdict.refuse(
      own,
      own.isAbsent ? `is absent, and the default of this image is ${value}` : `is ${value}`,
      instead,
    );
  }
  return value;
}

/** A variable of the other prefix takes no effect, and whoever wrote it believes that it does. */
function refuseStray({ stray, variable }: Setting, verdict: Verdict): void {
  if (stray)
    verdict.refuse(stray, "has a prefix that this image doesn't read", `the same under the name ${variable}`);
}

export const kafkaAutoCreateOff = resourcePolicy({
  name: "kafka-auto-create-off",
  description: "A Kafka broker must say that it doesn't create topics on first use.",
  severity: "high",
  remediationSteps:
    "Set KAFKA_AUTO_CREATE_TOPICS_ENABLE=false (KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE on Bitnami's image) and declare each topic.",
  subjectOf: brokerRole,
  judge(broker, verdict) {
    const setting = broker.setting("AUTO_CREATE_TOPICS_ENABLE");
    const { own, variable } = setting;
    const instead = `${variable}=false, and a declared topic for each one in use`;
    refuseStray(setting, verdict);
    if (own.isUnknown) verdict.undecided(own);
    else if (own.isAbsent) verdict.refuse(own, "is absent, and the broker's default is on", instead);
    else if (knownText(own)?.trim().toLowerCase() !== "false") verdict.refuse(own, "isn't false", instead);
  },
});

export const kafkaReplication = resourcePolicy<BrokerView, { minimum: number }>({
  name: "kafka-replication",
  description:
    "What a broker replicates by default, and Kafka's own topics, must survive the loss of a broker.",
  severity: "critical",
  remediationSteps:
    "Set the default, offsets, transaction and share coordinator replication factors of every broker to 3, on at least three brokers.",
  configSchema: {
    properties: {
      minimum: { type: "integer", minimum: 1, default: 3, description: "Fewest replicas allowed." },
    },
  },
  subjectOf: brokerRole,
  judge(broker, verdict, { minimum }) {
    // Kafka's own defaults (kafka.apache.org, broker configs): 1 for topics that don't say, 3 for its internal ones.
    judgeMinimum(broker.setting("DEFAULT_REPLICATION_FACTOR"), minimum, 1, verdict);
    const internalDefault = broker.startsFromSingleNodeDefaults ? 1 : 3;
    for (const topic of ["OFFSETS_TOPIC", "TRANSACTION_STATE_LOG"]) {
      judgeMinimum(broker.setting(`${topic}_REPLICATION_FACTOR`), minimum, internalDefault, verdict);
    }
    const share = broker.setting("SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR");
    if (!share.own.isAbsent && !share.own.isUnknown) judgeMinimum(share, minimum, 3, verdict);
  },
});

export const kafkaMinIsr = resourcePolicy<BrokerView, { minimum: number }>({
  name: "kafka-min-isr",
  description:
    "An acknowledged message must stand on two replicas, and the loss of one must not stop writes.",
  severity: "critical",
  remediationSteps: "Set KAFKA_MIN_INSYNC_REPLICAS=2 beside a replication factor of 3.",
  configSchema: {
    properties: {
      minimum: { type: "integer", minimum: 1, default: 2, description: "Fewest in-sync replicas allowed." },
    },
  },
  subjectOf: brokerRole,
  judge(broker, verdict, { minimum }) {
    const singleNode = broker.startsFromSingleNodeDefaults;
    const pairs = [
      { isr: "MIN_INSYNC_REPLICAS", isrDefault: 1, factor: "DEFAULT_REPLICATION_FACTOR", factorDefault: 1 },
      {
        isr: "TRANSACTION_STATE_LOG_MIN_ISR",
        isrDefault: singleNode ? 1 : 2,
        factor: "TRANSACTION_STATE_LOG_REPLICATION_FACTOR",
        factorDefault: singleNode ? 1 : 3,
      },
    ];
    for (const { isr, isrDefault, factor, factorDefault } of pairs) {
      const setting = broker.setting(isr);
      const minIsr = judgeMinimum(setting, minimum, isrDefault, verdict);
      const factorSetting = broker.setting(factor);
      if (factorSetting.own.isUnknown) verdict.undecided(factorSetting.own);
      else if (minIsr !== undefined && minIsr >= minimum) {
        const { own } = factorSetting;
        judgeBelow(
          { path: setting.own.path, minIsr },
          own.isAbsent ? factorDefault : wholeNumber(knownText(own) ?? ""),
          `${setting.variable} below ${factorSetting.variable}, such as 2 beside 3`,
          verdict,
        );
      }
    }
  },
});

/** Min ISR equal to the replication factor stops all writes when one broker is down; above it, at once. */
export function judgeBelow(
  { path, minIsr }: { path: string; minIsr: number },
  replicationFactor: number | undefined,
  instead: string,
  verdict: Verdict,
): void {
  if (replicationFactor === undefined || minIsr < replicationFactor) return;
  const problem = `is ${minIsr} with a replication factor of ${replicationFactor}: with one broker lost nothing can be written`;
  verdict.refuse({ path }, problem, instead);
}

export const kafkaUncleanElectionOff = resourcePolicy({
  name: "kafka-unclean-election-off",
  description: "A replica that lags behind must not become leader: acknowledged messages would be lost.",
  severity: "critical",
  remediationSteps: "Remove KAFKA_UNCLEAN_LEADER_ELECTION_ENABLE, or set it to false.",
  subjectOf: brokerRole,
  judge(broker, verdict) {
    const setting = broker.setting("UNCLEAN_LEADER_ELECTION_ENABLE");
    const { own, variable } = setting;
    refuseStray(setting, verdict);
    if (own.isUnknown) verdict.undecided(own);
    else if (!own.isAbsent && knownText(own)?.trim().toLowerCase() !== "false") {
      verdict.refuse(own, "isn't false", `${variable}=false, which is Kafka's default`);
    }
  },
});

export const kafkaLogDirOnVolume = resourcePolicy<BrokerView>({
  name: "kafka-log-dir-on-volume",
  description:
    "A Kafka node's log directories must stand on a volume, or a replaced container loses its data.",
  severity: "critical",
  remediationSteps:
    "Mount a named volume, such as at /var/lib/kafka/data, and set KAFKA_LOG_DIRS to a folder beneath it.",
  subjectOf: brokerView,
  judge(broker, verdict) {
    const plural = broker.setting("LOG_DIRS");
    const singular = broker.setting("LOG_DIR");
    const { own, variable } = plural.own.isAbsent && !singular.own.isAbsent ? singular : plural;
    refuseStray(plural, verdict);
    const metadata = broker.setting("METADATA_LOG_DIR").own;
    const places = [own, ...(metadata.isAbsent || metadata.isUnknown ? [] : [metadata])];
    for (const place of places) {
      if (place.isUnknown) {
        verdict.undecided(place);
        continue;
      }
      const folders = place.isAbsent ? defaultLogDirs(broker) : commaSeparated(knownText(place) ?? "");
      const covered = folders.map((folder) => isKept(folder, broker.container.mounts));
      const path = broker.container.kind === "container" ? "volumes" : "taskSpec.containerSpec.mounts";
      if (covered.includes(false) || folders.length === 0) {
        verdict.refuse(
          place,
          place.isAbsent
            ? "is absent, and the image's default is on no volume"
            : "isn't on a named volume or folder of the machine",
          `a named volume in ${path} and ${variable} beneath its mount, such as /var/lib/kafka/data/logs`,
        );
      } else if (covered.includes(unknown)) verdict.undecided({ path });
    }
  },
});

/** Where images write when nothing is said: Kafka itself under /tmp, Confluent's and Bitnami's onto their volume's place. */
function defaultLogDirs({ container, prefix }: BrokerView): string[] {
  if (prefix === "KAFKA_CFG_") return ["/bitnami/kafka/data"];
  return imageBaseName(knownText(container.image) ?? "").startsWith("cp-")
    ? ["/var/lib/kafka/data"]
    : ["/tmp/kafka-logs"];
}

/** Whether a folder outlives its container; unknown where a mount is that isn't known yet. */
function isKept(folder: string, mounts: readonly Mount[]): boolean | typeof unknown {
  const under = (target: string) => `${folder}/`.startsWith(target.endsWith("/") ? target : `${target}/`);
  const verdicts = mounts.map(({ kind, source, target }) => {
    if (kind === "container") return true;
    const place = target.text;
    if (kind === unknown || place === unknown) return unknown;
    return place !== undefined && under(place) && kind !== "tmpfs" && !source.isAbsent;
  });
  return verdicts.includes(true) || (verdicts.includes(unknown) && unknown);
}

/** Ids that stand in images and in published examples. */
const publicClusterIds = [
  // apache/kafka's own fallback
  "5L6g3nShT-eMCtK--X86sw",
  // examples in the documentation of Kafka's, Confluent's and Bitnami's images
  "4L6g3nShT-eMCtK--X86sw",
  "MkU3OEVBNTcwNTJENDM2Qk",
  "q1Sh-9_ISia_zwGINzRvyQ",
  "abcdefghijklmnopqrstuv",
];

export const kafkaOwnClusterId = resourcePolicy<BrokerView, { publicIds: string[] }>({
  name: "kafka-own-cluster-id",
  description:
    "A Kafka cluster must have an id of its own, so that nodes of two clusters never take each other for theirs.",
  severity: "medium",
  remediationSteps:
    "Set CLUSTER_ID (KAFKA_CLUSTER_ID on Bitnami's image) on every node to the base64url text of 16 random bytes, such as a random.RandomBytes.",
  configSchema: {
    properties: {
      publicIds: textList("Further ids that are refused."),
    },
  },
  subjectOf: brokerView,
  judge(broker, verdict, { publicIds }) {
    if (broker.usesZooKeeper) return;
    const { environment } = broker.container;
    const names =
      broker.prefix === "KAFKA_"
        ? ["CLUSTER_ID", "KAFKA_CLUSTER_ID"]
        : ["KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID", "KAFKA_CFG_CLUSTER_ID"];
    const settings = names.map((name) => environment.get(name));
    const id: Property | undefined =
      settings.find(({ text }) => typeof text === "string") ?? settings.find(({ isUnknown }) => isUnknown);
    const instead = `${names[0] ?? ""} with the cluster's own id, the base64url text of 16 random bytes`;
    if (!id) {
      verdict.refuse(
        environment.get(names[0] ?? ""),
        "is absent, and the image then takes a public constant or makes one up for each node",
        instead,
      );
      return;
    }
    const text = knownText(id);
    if (text === undefined) verdict.undecided(id);
    else if ([...publicClusterIds, ...publicIds].includes(text))
      verdict.refuse(id, "is a constant that everybody has", instead);
    else if (!/^[\w-]{22}$/.test(text)) verdict.refuse(id, "isn't 22 characters of base64url", instead);
  },
});

export const kafkaBrokerPolicies: readonly ResourcePolicy[] = [
  kafkaAutoCreateOff,
  kafkaReplication,
  kafkaMinIsr,
  kafkaUncleanElectionOff,
  kafkaLogDirOnVolume,
  kafkaOwnClusterId,
];
