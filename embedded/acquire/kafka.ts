import * as path from "node:path";
import { kafkaClassArchive } from "./kafka-class-archive";
import { mavenJars } from "./maven";
import { type AcquireProgress } from "./progress";
import {
  type AcquireOptions,
  follow,
  type Recipe,
  requireToolsFor,
  type Site,
  siteOf,
  wholeVersion,
} from "./recipe";
import { type ToolNeed } from "./toolchain";

/** Kafka's own jars, and how to run a class of them. */
export interface KafkaInstall {
  version: string;
  /** For `-cp`: the folder of the jars and a `*`. */
  classPath: string;
  /** Path of the java to run, 17 or later. */
  java: string;
  /** Options that make any of Kafka's classes start sooner; empty where this Java has no class archive. */
  jvmOptions: string[];
}

/** Kafka 4's brokers need it (KIP-1013). */
export const javaNeed: ToolNeed = { tool: "java", purpose: "to run Kafka", atLeast: "17" };

/** Kafka's logging to log4j 2, which its archive and image hold but its Maven modules leave out: without it a broker logs nothing. */
const logBinding = { artifact: "log4j-slf4j-impl", version: "2.25.4" };

/** All that the broker's and the tools' modules name. What a broker never loads (Connect's servers) is a fifth of 56 MB, and some tools do. */
export function kafkaRecipe(tag: string): Recipe {
  const version = wholeVersion("kafka", tag);
  const item = `kafka-${version}`;
  return {
    item,
    proof: `libs/${logBinding.artifact}-${logBinding.version}.jar`,
    tools: [{ tool: "mvn", purpose: `to download ${item}` }],
    make: mavenJars([
      ["org.apache.kafka", "kafka_2.13", version],
      ["org.apache.kafka", "kafka-tools", version],
      ["org.apache.logging.log4j", logBinding.artifact, logBinding.version],
    ]),
  };
}

/** The install out of the cache, which is filled first; the tools have been made sure of. */
export async function installKafka(recipe: Recipe, site: Site): Promise<KafkaInstall> {
  const folder = await follow(recipe, site);
  const java = site.findTool("java") ?? "java";
  const classPath = path.join(folder, "libs", "*");
  const jvmOptions = await kafkaClassArchive({ item: recipe.item, classPath, java }, site);
  return { version: recipe.item.slice("kafka-".length), classPath, java, jvmOptions };
}

/**
 * Kafka's jars, downloaded by Maven where the cache doesn't hold them (56 MB), with an archive of their parsed classes.
 *
 * @param tag The image's tag: `4.3.1`.
 * @throws MissingToolsError, before anything starts; BuildFailedError; UserError where the tag holds no whole version.
 */
export async function acquireKafka(
  tag: string,
  progress: AcquireProgress,
  options?: AcquireOptions,
): Promise<KafkaInstall> {
  const site = siteOf(progress, options);
  const recipe = kafkaRecipe(tag);
  await requireToolsFor([recipe], [javaNeed], site);
  return installKafka(recipe, site);
}
