import { createHash } from "node:crypto";
import { goProgramRecipe } from "./go-program";
import { type Recipe, wholeVersion } from "./recipe";

/** The plugins that the pipeline's configurations name; all of telegraf's would take many times as long to build. */
const plugins = [
  "inputs.http",
  "inputs.influxdb_v2_listener",
  "inputs.internal",
  "inputs.kafka_consumer",
  "inputs.prometheus",
  "outputs.file",
  "outputs.health",
  "outputs.influxdb_v2",
  "outputs.kafka",
  "outputs.prometheus_client",
  "parsers.influx",
  "parsers.json",
  "parsers.json_v2",
  "secretstores.docker",
  "serializers.influx",
  "serializers.json",
];

/** Telegraf with the plugins above; another list makes another item. Least version: go.mod of 1.37.2. */
export function telegrafRecipe(tag: string): Recipe {
  const version = wholeVersion("telegraf", tag);
  const tags = ["custom", ...plugins].sort();
  const hash = createHash("sha256").update(tags.join(",")).digest("hex").slice(0, 8);
  return goProgramRecipe({
    item: `telegraf-${version}-${hash}`,
    module: "github.com/influxdata/telegraf",
    version: `v${version}`,
    command: "cmd/telegraf",
    tags,
    linkedVariables: { "github.com/influxdata/telegraf/internal.Version": version },
    goVersion: "1.25.5",
  });
}
