import * as fs from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";
import { parse } from "yaml";
import { z } from "zod";
import { consumerConfig } from "../apps/consumer/config";
import { injectConfig } from "../apps/inject/config";
import { producerConfig } from "../apps/producer/config";
import { durationForm } from "../components/duration";
import { settingsSchema } from "../components/settings";
import { projectRoot } from "./arguments";

/** A part of the settings, as zod puts it into JSON Schema. */
type Part = z.core.JSONSchema.BaseSchema;

/**
 * What the parts of the settings become. Where their own schema says nothing of a key, the comments of these interfaces do, or the
 * descriptions of these schemas of programs: the first that knows it.
 */
const becomes: Record<string, readonly (string | z.ZodType)[]> = {
  security: ["CertificateLifetime"],
  "security.authority": ["AuthoritySource"],
  placement: ["PlacementSettings"],
  kafka: ["KafkaClusterArgs", "TopicSettings"],
  influxdb: ["InfluxServerArgs"],
  alerts: ["WeatherAlertsArgs", "PipelineLimitsArgs"],
  inject: [injectConfig, "InjectArgs"],
  producer: [producerConfig, "ProducerArgs"],
  consumer: [consumerConfig, "ConsumerArgs"],
  monitor: ["MonitorArgs"],
  backup: ["BackupSettings", "BackupArgs"],
  "backup.to": ["BackupFolder", "BackupBucket"],
  kafdrop: ["KafdropArgs"],
  kafkaUi: ["KafkaUiArgs"],
  documents: ["DocumentStoreArgs"],
  grafana: ["GrafanaArgs"],
};

/** Units in the names of settings. */
const units = {
  Bytes: "bytes",
  Celsius: "°C",
  Messages: "messages",
  MiB: "MiB",
  Ms: "ms",
  Percent: "%",
  Seconds: "seconds",
};

/** The environments that the project comes with: those that a site adds are no part of the page. */
const environments = ["dev", "mini", "staging", "prod", "swarm"].map((stack) => {
  const text = fs.readFileSync(path.join(projectRoot, `Pulumi.${stack}.yaml`), "utf8");
  return { stack, config: (parse(text) as { config: unknown }).config };
});

/** The interfaces and types of `components/` by name. */
const declarations = new Map(
  fs
    .readdirSync(path.join(projectRoot, "components"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const text = fs.readFileSync(path.join(projectRoot, "components", file), "utf8");
      return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements;
    })
    .filter((node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node))
    .map((node) => [node.name.text, node]),
);

/** What the comments of a declaration say of its properties, and under "" of itself. */
function comments(name: string): Map<string, string> {
  const said = new Map<string, string>();
  const visit = (node: ts.Node, key: string) => {
    const [comment] = ts.getJSDocCommentsAndTags(node);
    const text = ts.getTextOfJSDocComment(comment?.comment);
    if (text !== undefined) said.set(key, text.replace(/\{@link (\w+)\}/g, "`$1`").replace(/\s+/g, " "));
    ts.forEachChild(node, within);
  };
  const within = (node: ts.Node) => {
    if (ts.isPropertySignature(node)) visit(node, node.name.getText());
    else ts.forEachChild(node, within);
  };
  const declaration = declarations.get(name);
  if (!declaration) throw new Error(`components/ declares no ${name}`);
  visit(declaration, "");
  return said;
}

/** What a schema says of its keys, however deep they stand. */
function descriptions(schema: z.ZodType): Map<string, string> {
  const said = new Map<string, string>();
  z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema: { description }, path: at }) => {
      if (description !== undefined) said.set(String(at.at(-1)), description);
    },
  });
  return said;
}

const said = new Map(
  Object.entries(becomes).map(([part, sources]) => [
    part,
    sources.map((source) => (typeof source === "string" ? comments(source) : descriptions(source))),
  ]),
);

function sentences(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z`])/);
}

/** Defaults have a column of their own. */
function isDefault(sentence: string): boolean {
  return sentence.startsWith("Default");
}

function ended(sentence: string): string {
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

/** A value as one writes it behind `--set path=`. */
function shown(value: unknown): string {
  if (value === "") return "empty";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function at(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

function kindOf(variant: unknown): unknown {
  return at(variant, ["properties", "kind", "const"]);
}

function typeOf(key: string, part: Part): string {
  const choice = part.oneOf?.map(kindOf) ?? part.enum;
  if (choice) return choice.map(shown).join(" or ");
  if (part.type === "boolean") return "`true` or `false`";
  if (part.type === "array") return "list of texts";
  if (part.type === "string") return `${part.title ?? "text"}${part["secret"] === true ? ", secret" : ""}`;
  const bounds = Object.entries({
    "at least": part.minimum,
    "more than": part.exclusiveMinimum,
    "at most": part.maximum,
  }).flatMap(([word, limit]) =>
    typeof limit !== "number" || Math.abs(limit) === Number.MAX_SAFE_INTEGER ? [] : [`${word} ${limit}`],
  );
  const unit = Object.entries(units).flatMap(([suffix, name]) => (key.endsWith(suffix) ? [name] : []));
  return [part.type === "integer" ? "whole number" : "number", ...unit, ...bounds].join(", ");
}

/** The rows of what an object holds. */
function rowsWithin(object: Part, keys: readonly string[], kind?: unknown): string[] {
  return Object.entries(object.properties ?? {}).flatMap(([key, part]) =>
    kind !== undefined && key === "kind"
      ? []
      : rows(part as Part, [...keys, key], object.required?.includes(key) === true, kind),
  );
}

/**
 * What a setting does, and its default where the schema has none.
 *
 * @throws Error where nothing is said of it.
 */
function about(part: Part, keys: readonly string[]) {
  const ofHolder = said.get(keys.slice(0, -1).join(".")) ?? [];
  const [ofItself] = said.get(keys.join(".")) ?? [];
  const found = ofHolder.map((source) => source.get(keys.at(-1) ?? "")).find(Boolean) ?? ofItself?.get("");
  const all = sentences(part.description ?? found ?? "");
  const otherwise = all.find(isDefault)?.replace(/^Default:? |\.$/g, "");
  const does = all.filter((sentence) => !isDefault(sentence)).join(" ");
  if (does === "") throw new Error(`components/settings.ts: nothing is said of ${keys.join(".")}`);
  return { does: ended(does), otherwise };
}

/** The values that environments have of their own. */
function elsewhere([section = "", ...keys]: readonly string[], byDefault: unknown): string {
  return environments
    .map(({ stack, config }) => ({ stack, own: at(config, [`weather:${section}`, ...keys]) }))
    .filter(({ own }) => own !== undefined && JSON.stringify(own) !== JSON.stringify(byDefault))
    .map(({ stack, own }) => `${shown(own)} in ${stack}`)
    .join(", ");
}

/** The rows of a setting and of what it holds. */
function rows(part: Part, keys: readonly string[], required: boolean, kind?: unknown): string[] {
  if (part.properties) return rowsWithin(part, keys);
  const { does, otherwise = required ? "to be given" : "none" } = about(part, keys);
  const [written, value] = part.oneOf
    ? [[...keys, "kind"], at(part.default, ["kind"])]
    : [keys, part.default];
  const cells = [
    `\`${written.join(".")}\`${kind === undefined ? "" : `, of ${shown(kind)}`}`,
    typeOf(keys.at(-1) ?? "", part),
    value === undefined ? otherwise : shown(value),
    elsewhere(written, value),
    does,
  ];
  return [
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
    ...(part.oneOf ?? []).flatMap((variant) => rowsWithin(variant, keys, kindOf(variant))),
  ];
}

const tableHead = `| setting | type | default | but | what it does |
| ------- | ---- | ------- | --- | ------------ |`;

/** A section under its heading, with what a change of any of it does. */
function section(name: string, part: Part): string {
  const changes = (said.get(name) ?? [])
    .flatMap((source) => [source.get("") ?? "", source.get("settings") ?? ""])
    .flatMap(sentences)
    .filter((sentence) => /\bchanged? /i.test(`${sentence} `))
    // What the component could have, and the settings don't offer.
    .map((text) =>
      text.replace(/, but for `(\w+)`/, (clause, key: string) => (part.properties?.[key] ? clause : "")),
    );
  const text = [ended(part.description ?? ""), ...changes].join(" ");
  return `## ${name}\n\n${text}\n\n${tableHead}\n${rows(part, [name], false).join("\n")}`;
}

/** The page of all settings: `docs/settings.md`. */
export function settingsPage(): string {
  const { properties = {} } = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" });
  const all = Object.entries(properties).map(([name, part]) => [name, part as Part] as const);
  const isSection = ([, part]: readonly [string, Part]) => part.properties ?? part.oneOf;
  return `# Settings

Every key that an environment may set. \`npm run docs\` makes this page of the schema in \`components/settings.ts\`, of the comments of what
the settings become, and of the \`Pulumi.<stack>.yaml\` files, whose own values stand under "but".

\`\`\`sh
npm run up -- --set kafka.heapMiB=768                   # for this run
pulumi config set --stack dev --path kafka.heapMiB 768  # in Pulumi.dev.yaml, for good
\`\`\`

A duration is ${durationForm}. A list is JSON:
\`--set 'placement.nodes=["192.0.2.11", "192.0.2.12", "192.0.2.13"]'\`. What is of the wrong type, and what doesn't fit the rest, is said all at once, before anything
starts.

${tableHead}
${all
  .filter((entry) => !isSection(entry))
  .flatMap(([name, part]) => rows(part, [name], false))
  .join("\n")}

${all
  .filter(isSection)
  .map(([name, part]) => section(name, part))
  .join("\n\n")}
`;
}

if (require.main === module) {
  fs.writeFileSync(path.join(projectRoot, "docs", "settings.md"), settingsPage());
}
