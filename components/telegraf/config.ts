/** A value of Telegraf's TOML configuration. */
type TomlValue = string | number | boolean | string[] | { [key: string]: string | string[] };

/** One table of the configuration, such as `outputs.kafka`. */
export interface TelegrafTable {
  /** `agent`, or a plugin's name with its kind: `inputs.kafka_consumer`. */
  name: string;
  settings: Record<string, TomlValue>;
}

/** The tables as TOML. Plugins stand in double brackets, as Telegraf wants them; a nested table follows its plugin. */
export function telegrafToml(tables: readonly TelegrafTable[]): string {
  return tables
    .map(({ name, settings }) => {
      const nested = Object.entries(settings).filter(
        ([, value]) => typeof value === "object" && !Array.isArray(value),
      );
      const plain = Object.entries(settings).filter(
        ([, value]) => typeof value !== "object" || Array.isArray(value),
      );
      return [
        name.includes(".") ? `[[${name}]]` : `[${name}]`,
        ...plain.map(([key, value]) => `${key} = ${toml(value)}`),
        ...nested.flatMap(([key, value]) => [
          `[${name}.${key}]`,
          ...Object.entries(value as Record<string, string | string[]>).map(
            ([inner, text]) => `${inner} = ${toml(text)}`,
          ),
        ]),
      ].join("\n");
    })
    .join("\n\n")
    .concat("\n");
}

/** JSON's strings, numbers, booleans and lists of strings are TOML's. */
function toml(value: TomlValue): string {
  return JSON.stringify(value);
}
