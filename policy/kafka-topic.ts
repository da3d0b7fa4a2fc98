import { knownText } from "./broker";
import { judgeBelow } from "./kafka-broker";
import { commaSeparated, type Property, wholeNumber } from "./property";
import { type PolicedResource, resourcePolicy, type ResourcePolicy, textList, type Verdict } from "./verdict";

interface Topic {
  name: Property;
  partitions: Property;
  replicationFactor: Property;
  setting: (key: string) => Property;
  protect: boolean;
}

function topicOf({ type, props, protect }: PolicedResource): Topic | undefined {
  if (type !== "kafka:index/topic:Topic") return undefined;
  const config = props.get("config");
  return {
    name: props.get("name"),
    partitions: props.get("partitions"),
    replicationFactor: props.get("replicationFactor"),
    setting: (key) => config.get(key),
    protect,
  };
}

/** A whole number at least so high. Gives it where it is known. */
function judgeNumber(at: Property, minimum: number, verdict: Verdict): number | undefined {
  const instead = `${at.path}: ${minimum} or more`;
  const text = knownText(at);
  if (at.isUnknown) verdict.undecided(at);
  else if (text === undefined) verdict.refuse(at, "is absent", instead);
  else {
    const value = wholeNumber(text);
    if (value === undefined) verdict.refuse(at, "isn't a whole number", instead);
    else if (value < minimum) verdict.refuse(at, `is ${value}, fewer than ${minimum}`, instead);
    return value;
  }
  return undefined;
}

export const kafkaTopicName = resourcePolicy<Topic, { pattern: string; placeholders: string[] }>({
  name: "kafka-topic-name",
  description: "A topic's name must say what it holds, in lower-case words joined by dashes.",
  severity: "low",
  remediationSteps:
    "Name the topic after its content, such as weather or weather-alerts. A new name is a new topic: move the data first.",
  configSchema: {
    properties: {
      pattern: {
        type: "string",
        default: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        description: "Regular expression that a name must match.",
      },
      placeholders: textList("Words that say nothing: a name of these alone, numbered or not, is refused.", [
        "test",
        "topic",
        "data",
        "my",
        "foo",
        "bar",
        "tmp",
        "temp",
        "demo",
        "example",
        "sample",
      ]),
    },
  },
  subjectOf: topicOf,
  judge({ name }, verdict, { pattern, placeholders }) {
    const instead = "lower-case words joined by dashes that say what it holds, such as weather-alerts";
    const text = knownText(name);
    if (name.isUnknown) verdict.undecided(name);
    else if (text === undefined)
      verdict.refuse(name, "is absent, and Pulumi then appends random characters", instead);
    else if (!new RegExp(pattern).test(text)) verdict.refuse(name, "doesn't follow the convention", instead);
    else if (text.split("-").every((word) => ["", ...placeholders].includes(word.replace(/\d+$/, "")))) {
      verdict.refuse(name, "is a placeholder", instead);
    }
  },
});

export const kafkaTopicReplication = resourcePolicy<Topic, { minimum: number; minimumIsr: number }>({
  name: "kafka-topic-replication",
  description:
    "A topic must have three replicas, two of them in sync for a write, and never elect a leader that lags.",
  severity: "critical",
  remediationSteps: 'Set replicationFactor: 3 and config["min.insync.replicas"]: "2".',
  configSchema: {
    properties: {
      minimum: { type: "integer", minimum: 1, default: 3, description: "Fewest replicas allowed." },
      minimumIsr: {
        type: "integer",
        minimum: 1,
        default: 2,
        description: "Fewest in-sync replicas allowed.",
      },
    },
  },
  subjectOf: topicOf,
  judge({ replicationFactor, setting }, verdict, { minimum, minimumIsr }) {
    const factor = judgeNumber(replicationFactor, minimum, verdict);
    const isr = setting("min.insync.replicas");
    // A topic that doesn't say inherits the broker's, which kafka-min-isr judges.
    const minIsr = isr.isAbsent ? undefined : judgeNumber(isr, minimumIsr, verdict);
    if (minIsr !== undefined && minIsr >= minimumIsr) {
      judgeBelow(
        { path: isr.path, minIsr },
        factor,
        `${isr.path} below replicationFactor, such as 2 beside 3`,
        verdict,
      );
    }
    const unclean = setting("unclean.leader.election.enable");
    if (!unclean.isAbsent && !unclean.isUnknown && knownText(unclean)?.trim().toLowerCase() !== "false") {
      verdict.refuse(unclean, "isn't false: acknowledged messages could be lost", "false, or nothing");
    }
  },
});

export const kafkaTopicPartitions = resourcePolicy<Topic, { minimum: number; except: string[] }>({
  name: "kafka-topic-partitions",
  description:
    "A topic must have enough partitions for every broker to lead one and for consumers to share the work.",
  severity: "medium",
  remediationSteps: "Raise partitions. They can only grow: fewer means a new topic and the loss of its data.",
  configSchema: {
    properties: {
      minimum: { type: "integer", minimum: 1, default: 3, description: "Fewest partitions allowed." },
      except: textList("Names of topics that may have fewer."),
    },
  },
  subjectOf: topicOf,
  judge({ name, partitions }, verdict, { minimum, except }) {
    if (!except.includes(knownText(name) ?? "")) judgeNumber(partitions, minimum, verdict);
  },
});

export const kafkaTopicProtected = resourcePolicy<Topic, { required: boolean }>({
  name: "kafka-topic-protected",
  description: "Where the environment says so, a topic must not be deletable by a change of the program.",
  severity: "high",
  remediationSteps: "Declare the topic with { protect: true }.",
  configSchema: {
    properties: {
      required: { type: "boolean", default: false, description: "Whether topics must be protected here." },
    },
  },
  subjectOf: topicOf,
  judge({ protect }, verdict, { required }) {
    if (required && !protect) {
      verdict.refuse(
        { path: "protect" },
        "isn't set: a rename or fewer partitions would delete the topic and its data",
        "the resource option protect: true",
      );
    }
  },
});

export const kafkaTopicRetention = resourcePolicy<Topic>({
  name: "kafka-topic-retention",
  description: "A topic must say how long it keeps its messages.",
  severity: "medium",
  remediationSteps:
    'Set config["retention.ms"], such as "604800000" for 7 days; a compacted topic needs none.',
  subjectOf: topicOf,
  judge({ setting }, verdict) {
    const retention = setting("retention.ms");
    const cleanup = setting("cleanup.policy");
    if (cleanup.isUnknown) {
      verdict.undecided(cleanup);
      return;
    }
    const ways = commaSeparated(knownText(cleanup) ?? "delete");
    if (ways.includes("compact") && !ways.includes("delete")) return;
    const instead = `${retention.path} with a number of milliseconds, such as "604800000" for 7 days`;
    const text = knownText(retention);
    if (retention.isUnknown) verdict.undecided(retention);
    else if (text === undefined)
      verdict.refuse(
        retention,
        "is absent, and the topic then keeps what the broker happens to say",
        instead,
      );
    else {
      const ms = wholeNumber(text);
      if (ms === undefined) verdict.refuse(retention, "isn't a whole number", instead);
      else if (ms <= 0)
        verdict.refuse(
          retention,
          ms === -1 ? "is -1, which keeps everything until the disk is full" : `is ${ms}`,
          instead,
        );
    }
  },
});

export const kafkaTopicPolicies: readonly ResourcePolicy[] = [
  kafkaTopicName,
  kafkaTopicReplication,
  kafkaTopicPartitions,
  kafkaTopicProtected,
  kafkaTopicRetention,
];
