import * as pulumi from "@pulumi/pulumi";
import { WeatherPipeline } from "./pipeline";
import { settingsSchema, type SettingsInput } from "./settings";

/**
 * Declares the pipeline of the current stack from its configuration: the whole of an environment's program.
 *
 * A new environment is one file, `Pulumi.<name>.yaml`, which `npm run policy -- --stack <name>` then judges; a program of another
 * team is this one call, with what all its stacks share.
 *
 * @param shared settings of every stack of the program; a section that the stack's configuration has takes its place.
 * @throws pulumi.RunError with every fault of the settings and its path, without a stack trace.
 */
export function createEnvironment(shared: SettingsInput = {}): WeatherPipeline {
  try {
    return new WeatherPipeline("weather", { ...shared, ...readSettings() });
  } catch (error) {
    // The engine shows an InputPropertiesError of the program itself with its stack, and this as it stands.
    if (pulumi.InputPropertiesError.isInstance(error)) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/**
 * The settings of the current stack, as its configuration (`Pulumi.<stack>.yaml`) has them; nothing is checked yet.
 *
 * `WeatherPipeline` checks them, all at once and with their paths.
 */
export function readSettings(config = new pulumi.Config()): SettingsInput {
  const sections = Object.keys(settingsSchema.shape).map((section) => {
    const text = config.get(section);
    return [section, text === undefined ? undefined : fromJson(text)] as const;
  });
  const settings = Object.fromEntries(sections.filter(([, value]) => value !== undefined)) as SettingsInput;
  const authority = settings.security?.authority;
  if (authority?.kind !== "site") return settings;
  const key = config.getSecret("authorityPrivateKey");
  return key
    ? { ...settings, security: { ...settings.security, authority: { ...authority, privateKeyPem: key } } }
    : settings;
}

/** Objects, numbers and booleans arrive as JSON text; what isn't JSON is a text itself. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
