import * as pulumi from "@pulumi/pulumi";
import { settingsSchema, type SettingsInput } from "./settings";

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
  return Object.fromEntries(sections.filter(([, value]) => value !== undefined));
}

/** Objects, numbers and booleans arrive as JSON text; what isn't JSON is a text itself. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
