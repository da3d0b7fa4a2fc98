import * as path from "node:path";
import { influxdRecipe } from "./influxd";
import { installKafka, javaNeed, type KafkaInstall, kafkaRecipe } from "./kafka";
import { type AcquireProgress } from "./progress";
import { type AcquireOptions, follow, type Recipe, requireToolsFor, siteOf } from "./recipe";
import { telegrafRecipe } from "./telegraf";

/** Tags of the servers' images: `{ kafka: "4.3.1", influxd: "2.9.1", telegraf: "1.37.2" }`; what a stack lacks is left out. */
export interface ServerVersions {
  kafka?: string;
  influxd?: string;
  telegraf?: string;
}

/** What was asked for. */
export interface Servers {
  kafka?: KafkaInstall;
  /** Path of the program. */
  influxd?: string;
  /** Path of the program. */
  telegraf?: string;
}

/**
 * The servers asked for. Maven's download goes on beside the Go builds, which follow one another: each takes every core, and the
 * second finds what both share compiled.
 *
 * @throws MissingToolsError that names the missing tools of all, before anything starts; BuildFailedError of the first
 * that fails, when the others have been ended; UserError where a tag holds no whole version.
 */
export async function acquireAll(
  versions: ServerVersions,
  progress: AcquireProgress,
  options: AcquireOptions = {},
): Promise<Servers> {
  const failure = new AbortController();
  const signals = [failure.signal, ...(options.signal ? [options.signal] : [])];
  const site = siteOf(progress, { ...options, signal: AbortSignal.any(signals) });
  const kafka = versions.kafka === undefined ? undefined : kafkaRecipe(versions.kafka);
  const influxd = versions.influxd === undefined ? undefined : influxdRecipe(versions.influxd);
  const telegraf = versions.telegraf === undefined ? undefined : telegrafRecipe(versions.telegraf);
  const recipes = [kafka, influxd, telegraf].filter((recipe) => recipe !== undefined);
  await requireToolsFor(recipes, kafka ? [javaNeed] : [], site);

  const program = async (recipe: Recipe | undefined) =>
    recipe && path.join(await follow(recipe, site), recipe.proof);
  const jars = kafka && installKafka(kafka, site);
  const programs = (async () => ({ influxd: await program(influxd), telegraf: await program(telegraf) }))();
  try {
    const [install, paths] = await Promise.all([jars, programs]);
    return { kafka: install, ...paths };
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled([jars, programs]);
    throw error;
  }
}
