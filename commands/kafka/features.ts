import { array, int16, int32, noTags, type NodeCall, text } from "../../apps/shared/kafka-node";
import { UserError } from "../../embedded/stack-config";
import { table } from "../table";
import { type KafkaOutputs, withAnyBroker, withBroker } from "./connection";

/** A feature of Kafka that the whole cluster has at one level (KIP-584). */
export interface Feature {
  name: string;
  /** Level that is in force; 0 where it is off. */
  level: number;
  /** Levels that every broker supports. */
  supported: { min: number; max: number };
}

/** What one broker says of features. */
export interface BrokerFeatures {
  supported: ReadonlyMap<string, { min: number; max: number }>;
  /** Levels in force; who is missing is off. */
  finalised: ReadonlyMap<string, number>;
}

/**
 * Levels of each release, as `kafka-features.sh version-mapping --release-version 4.x` of Kafka 4.3.1 prints them.
 *
 * `kraft.version` is left out on purpose: level 1 puts the voters into the metadata log, and this cluster's are static.
 */
const releases: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "4.0": { "metadata.version": 25, "transaction.version": 2, "group.version": 1 },
  "4.1": {
    "metadata.version": 27,
    "transaction.version": 2,
    "group.version": 1,
    "eligible.leader.replicas.version": 1,
  },
  "4.2": {
    "metadata.version": 29,
    "transaction.version": 2,
    "group.version": 1,
    "eligible.leader.replicas.version": 1,
    "share.version": 1,
    "streams.version": 1,
  },
  "4.3": {
    "metadata.version": 30,
    "transaction.version": 2,
    "group.version": 1,
    "eligible.leader.replicas.version": 1,
    "share.version": 1,
    "streams.version": 1,
  },
};

/** The release whose metadata version a level is; undefined where it is none's. */
export function releaseOf(metadataVersion: number): string | undefined {
  return Object.entries(releases).find(([, levels]) => levels["metadata.version"] === metadataVersion)?.[0];
}

/** ApiVersions v4 (API key 18), as far as it speaks of features. */
export async function readFeatures(call: NodeCall): Promise<BrokerFeatures> {
  const answer = await call(18, 4, [text("weather-kafka"), text("1"), noTags]);
  // This answer alone has a header without tags, so what was read as such was its first byte.
  answer.skip(-1);
  const error = answer.int16();
  if (error !== 0) throw new Error(`Kafka doesn't tell its features (error ${error} of its protocol)`);
  answer.array(() => {
    answer.skip(6);
    answer.tags();
  });
  answer.skip(4);
  const supported = new Map<string, { min: number; max: number }>();
  const finalised = new Map<string, number>();
  for (let count = answer.varint(); count > 0; count--) {
    const tag = answer.varint();
    const bytes = answer.varint();
    if (tag !== 0 && tag !== 2) answer.skip(bytes);
    else
      answer.array(() => {
        const name = answer.text();
        const [first, second] = [answer.int16(), answer.int16()];
        answer.tags();
        if (tag === 0) supported.set(name, { min: first, max: second });
        // Highest first, then lowest.
        else finalised.set(name, first);
      });
  }
  return { supported, finalised };
}

/** The features by the words of all brokers: supported is what every one of them supports. */
export function featuresOf(brokers: readonly BrokerFeatures[]): Feature[] {
  const names = [...new Set(brokers.flatMap(({ supported }) => [...supported.keys()]))].sort();
  return names.map((name) => {
    const ranges = brokers.map(({ supported }) => supported.get(name) ?? { min: 0, max: 0 });
    return {
      name,
      level: Math.max(0, ...brokers.map(({ finalised }) => finalised.get(name) ?? 0)),
      supported: {
        min: Math.max(...ranges.map(({ min }) => min)),
        max: Math.min(...ranges.map(({ max }) => max)),
      },
    };
  });
}

/** Asks every broker. @throws Error where one doesn't answer: what all support is known only from all. */
export async function describeFeatures(outputs: KafkaOutputs): Promise<Feature[]> {
  return featuresOf(
    await Promise.all(
      outputs.kafka.bootstrapServers.map((address) => withBroker(outputs, address, readFeatures)),
    ),
  );
}

/** A level to be raised. */
export interface Raise {
  name: string;
  from: number;
  to: number;
}

/**
 * What finalising a release raises; empty where all is there already.
 *
 * @throws UserError where the release is unknown, or a broker doesn't support it yet.
 */
export function planFinalisation(features: readonly Feature[], release: string): Raise[] {
  const levels = Object.hasOwn(releases, release) ? releases[release] : undefined;
  if (!levels)
    throw new UserError(
      `--finalise must be one of ${Object.keys(releases).join(", ")}, not ${JSON.stringify(release)}`,
    );
  const raises = Object.entries(levels).map(([name, to]) => {
    const feature = features.find((one) => one.name === name);
    return { name, from: feature?.level ?? 0, to, max: feature?.supported.max ?? 0 };
  });
  const beyond = raises.filter(({ to, max }) => to > max);
  if (beyond.length > 0)
    throw new UserError(
      `Release ${release} can't be finalised: not every broker supports ${beyond
        .map(({ name, to, max }) => `${name} ${to} (at most ${max})`)
        .join(", ")}. Roll all brokers to ${release} first.`,
    );
  return raises.filter(({ from, to }) => to > from).map(({ name, from, to }) => ({ name, from, to }));
}

/**
 * UpdateFeatures v1 (API key 57) upwards; there is no way back.
 *
 * @param validateOnly has the controller judge it, and changes nothing.
 * @throws UserError where the controller refuses, with its words.
 */
export async function raiseFeatures(
  outputs: KafkaOutputs,
  raises: readonly Raise[],
  validateOnly: boolean,
): Promise<void> {
  const timeoutMs = 10_000;
  const upgrade = Buffer.from([1]);
  const updates = array(
    raises.map(({ name, to }) => Buffer.concat([text(name), int16(to), upgrade, noTags])),
  );
  const refusals = await withAnyBroker(outputs, async (call) => {
    const answer = await call(57, 1, [
      int32(timeoutMs),
      updates,
      Buffer.from([Number(validateOnly)]),
      noTags,
    ]);
    answer.skip(4);
    const code = answer.int16();
    const message = answer.text();
    const results = answer.array(() => {
      const feature = answer.text();
      const own = { code: answer.int16(), message: `${feature}: ${answer.text()}` };
      answer.tags();
      return own;
    });
    return [{ code, message }, ...results].filter((result) => result.code !== 0);
  });
  if (refusals.length > 0)
    throw new UserError(
      `Kafka refuses: ${refusals.map(({ code, message }) => `${message} (error ${code})`).join("; ")}`,
    );
}

/** Features as a table for a terminal. */
export function renderFeatures(features: readonly Feature[]): string {
  return table(
    ["FEATURE", "LEVEL", "ALL BROKERS SUPPORT", ""],
    features.map(({ name, level, supported }) => {
      const release = name === "metadata.version" ? releaseOf(level) : undefined;
      return [
        name,
        String(level),
        `${supported.min} to ${supported.max}`,
        release === undefined ? "" : `release ${release}`,
      ];
    }),
  );
}

/** What is raised, as a table. */
export function renderRaises(raises: readonly Raise[]): string {
  return table(
    ["FEATURE", "FROM", "TO"],
    raises.map(({ name, from, to }) => [name, String(from), String(to)]),
  );
}
