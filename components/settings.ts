import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { certificateLifetimeFaults } from "./certificates/authority";
import { backupFaults } from "./backup/backup";
import { documentStoreFaults } from "./documents/store";
import { durationForm, type Duration, tryDurationMs } from "./duration";
import { type Fault, schemaFaults, under } from "./faults";
import { influxServerFaults } from "./influxdb/server";
import { hostPorts, kafkaClusterFaults } from "./kafka/cluster";
import { diskFaults } from "./kafka/disk";
import { topicFaults, type TopicSettings } from "./kafka/topic";
import { pinnedVersion } from "./workload/images";
import { placementFaults } from "./workload/placement";
import { portFaults } from "./workload/workload";

const duration = z
  .custom<Duration>(
    (value) => typeof value === "string" && tryDurationMs(value) !== undefined,
    `must be ${durationForm}`,
  )
  .meta({ type: "string", title: "duration" });
const enabled = z.boolean().describe("Whether this part is deployed");
const port = z.int("must be a whole number");
const mebibytes = z.int("must be a whole number of MiB").min(64, "must be at least 64 (MiB)");

/** Where the weather comes from: a seeded model, or the real hourly normals of Seattle (NOAA), replayed. */
export const sources = ["simulate", "seattle"] as const;

/**
 * All that an environment may set, with its defaults: the one schema behind `Pulumi.<stack>.yaml`, {@link WeatherPipeline} and
 * `createEnvironment`. `Pulumi.yaml` declares the same sections; a test compares them.
 *
 * A setting is described here only where the arguments it becomes don't say the same: `docs/settings.md` is made of both.
 */
export const settingsSchema = z.strictObject({
  imageRegistry: z.string().default("").describe("Prefix of every pulled image, for sites with a mirror"),
  protect: z.boolean().default(false).describe("Whether volumes and topics refuse to be deleted"),
  allowDataLoss: z
    .array(z.string())
    .default([])
    .describe("Pulumi's names of the resources whose data the next change may destroy"),
  security: z
    .strictObject({
      mode: z
        .enum(["plaintext", "mtls"], 'must be "plaintext" or "mtls"')
        .default("plaintext")
        .describe("`mtls`: Kafka and InfluxDB by TLS only, and what isn't allowed is refused"),
      certificateValidity: duration.default("90 days"),
      renewBefore: duration.default("30 days"),
      authority: z
        .discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("own") }),
          z.strictObject({
            kind: z.literal("site"),
            certificatePem: z.string().regex(/-----BEGIN CERTIFICATE-----/, "must be a certificate in PEM"),
            privateKeyPem: z
              .custom<pulumi.Input<string>>(
                (value) => typeof value === "string" || pulumi.Output.isInstance(value),
                "must be set: pulumi config set --secret authorityPrivateKey < ca-key.pem",
              )
              .meta({
                type: "string",
                secret: true,
                description:
                  "The signer's key, PEM: `pulumi config set --secret authorityPrivateKey < ca-key.pem`, a key of its own",
              }),
          }),
        ])
        .prefault({ kind: "own" }),
    })
    .prefault({})
    .describe("Whether Kafka and InfluxDB are encrypted and authorised, and who signs the certificates"),
  placement: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("engine") }),
      z.strictObject({
        kind: z.literal("swarm"),
        nodes: z.array(z.string()).min(1, "must name the nodes' addresses"),
        encrypted: z.boolean().default(true),
        registry: z.string().default(""),
      }),
    ])
    .prefault({ kind: "engine" })
    .meta({ type: "object", description: "Where it runs: on one engine, or on the nodes of a Swarm" }),
  kafka: z
    .strictObject({
      brokers: z.int("must be a whole number").default(3),
      version: z
        .string()
        .regex(/^4\.\d+\.\d+$/, "must be a whole version of Kafka 4, such as 4.3.1")
        .default(pinnedVersion("kafka"))
        .describe("Version of the brokers; a change replaces them one after the other"),
      controllers: z.int("must be a whole number").optional(),
      firstHostPort: port.default(19_092),
      retention: duration
        .default("7 days")
        .describe(
          "How long messages of the weather are kept (dead letters and alerts: 30 days); changed in place",
        ),
      retentionBytes: z
        .int()
        .default(1_073_741_824)
        .describe("Bytes kept per partition of each topic of the pipeline; changed in place"),
      diskMiB: z
        .int("must be a whole number of MiB")
        .min(1_024, "must be at least 1024 (MiB)")
        .default(32_768)
        .describe(
          "Size of the volume each broker has, which retention must not be able to fill; a change replaces nothing",
        ),
      replicationFactor: z.int("must be a whole number").optional(),
      minInsyncReplicas: z.int("must be a whole number").optional(),
      heapMiB: z.int().default(512),
      memoryMiB: mebibytes.optional(),
      partitions: z.int("must be a whole number").default(4),
    })
    .prefault({})
    .describe("The brokers, and what topics inherit"),
  influxdb: z
    .strictObject({
      org: z.string().default("myorg"),
      bucket: z.string().default("weather"),
      retention: duration
        .default("30 days")
        .describe("How long the buckets keep the weather, at least 1 hour; changed in place"),
      hostPort: port.default(8086),
      memoryMiB: mebibytes.default(1_024),
    })
    .prefault({})
    .describe("The InfluxDB server and the bucket that the weather goes to"),
  alerts: z
    .strictObject({
      tooHotCelsius: z.number("must be a number of degrees Celsius").default(40),
      every: duration.default("5 seconds"),
      silentAfter: duration.default("1 minute"),
      usableDiskPercent: z
        .number("must be a percentage")
        .min(0, "must be a percentage from 0 to 100")
        .max(100, "must be a percentage from 0 to 100")
        .default(15),
      lagMessages: z.int("must be a whole number of messages").min(0, "must not be negative").default(10_000),
      underReplicatedFor: duration.default("30 seconds"),
      deadLettersPerMinute: z
        .int("must be a whole number of messages")
        .min(0, "must not be negative")
        .default(0),
    })
    .prefault({})
    .describe("When the weather, its silence and the pipeline's own limits are reported"),
  inject: z
    .strictObject({
      enabled: enabled.default(true),
      source: z
        .enum(sources, `must be one of ${sources.map((source) => JSON.stringify(source)).join(", ")}`)
        .default("simulate"),
      stations: z.int().min(1).max(10_000).default(50),
      pointsPerSecond: z.number().positive("must be more than 0").max(100_000).default(50),
      seed: z.int().default(1),
      hoursPerMinute: z
        .number()
        .positive("must be more than 0")
        .max(100_000)
        .default(60)
        .describe("How fast `seattle` replays"),
    })
    .prefault({})
    .describe("Where the weather comes from, and how much of it"),
  producer: z
    .strictObject({
      pollMs: z.int().min(20, "must be at least 20").max(60_000).default(150),
      lateArrivalSeconds: z
        .int()
        .min(60, "must be at least 60: points may be a minute late")
        .max(3_600)
        .default(120)
        .describe("A point is found even if it arrives this much after a newer one was published"),
    })
    .prefault({})
    .describe("How InfluxDB is read on the way to Kafka"),
  consumer: z
    .strictObject({
      hostPort: port.default(8080).describe("Port of the live page on the machine"),
      anomalyDeviations: z.number().positive("must be more than 0").default(4),
    })
    .prefault({})
    .describe("The analysis, and where its page is published"),
  monitor: z
    .strictObject({
      enabled: enabled.default(true),
      interval: duration
        .default("2 seconds")
        .describe("From one look at Kafka, and one reading of all figures, to the next"),
      retention: duration
        .default("14 days")
        .describe("How long the figures are kept, at least 1 hour; changed in place"),
    })
    .prefault({})
    .describe("Figures of the pipeline itself: how they are taken, and how long they are kept"),
  telegraf: z
    .strictObject({ enabled: enabled.default(true) })
    .prefault({})
    .describe("The bridges between InfluxDB and Kafka"),
  backup: z
    .strictObject({
      enabled: enabled.default(false),
      to: z
        .discriminatedUnion("kind", [
          z.strictObject({
            kind: z.literal("folder"),
            path: z.string(),
          }),
          z.strictObject({
            kind: z.literal("s3"),
            bucket: z.string(),
            prefix: z.string().optional(),
            region: z.string().optional(),
            endpoint: z.string().optional(),
            forcePathStyle: z.boolean().optional(),
            credentialsFile: z.string(),
            caFile: z.string().optional(),
          }),
        ])
        .optional(),
      every: duration.default("1 day"),
      keep: z.int("must be a whole number").min(1, "must be at least 1").default(7),
      keepFor: duration.optional(),
      passphraseFile: z.string().optional(),
    })
    .prefault({})
    .describe("Backups of topics, groups and buckets, one after the other"),
  kafdrop: z
    .strictObject({ enabled: enabled.default(true), hostPort: port.default(9000) })
    .prefault({})
    .describe("Topics, partitions, offsets and groups in the browser"),
  kafkaUi: z
    .strictObject({ enabled: enabled.default(false), hostPort: port.default(8090) })
    .prefault({})
    .describe("The same and the messages, in another page, behind a login"),
  documents: z
    .strictObject({
      enabled: enabled.default(false),
      database: z.string().default("weather"),
      collection: z.string().default("weather"),
      hostPort: port.default(27_017),
      memoryMiB: z.int("must be a whole number of MiB").default(512),
    })
    .prefault({})
    .describe("The weather as documents in MongoDB"),
  grafana: z
    .strictObject({ enabled: enabled.default(true), hostPort: port.default(3000) })
    .prefault({})
    .describe("Dashboards in the browser"),
});

/** An environment's settings, all filled in. */
export interface Settings extends z.output<typeof settingsSchema> {}

/** An environment's settings as written: every part may be left out. */
export interface SettingsInput extends z.input<typeof settingsSchema> {}

/** A record that was set aside is kept whole, with headers that say why: so it may be longer than it was (1 MiB at most by default). */
const setAsideBytes = 2 * 1_048_588;

/** Name, partitions and cleanup of the pipeline's own topics. */
export function pipelineTopics(settings: Settings): TopicSettings[] {
  const { partitions, retention, retentionBytes } = settings.kafka;
  return [
    { name: "weather", partitions, cleanup: { policy: "delete", retention, retentionBytes } },
    { name: "weather-telegraf", partitions, cleanup: { policy: "delete", retention, retentionBytes } },
    {
      name: "weather-retry",
      partitions,
      cleanup: { policy: "delete", retention, retentionBytes },
      maxMessageBytes: setAsideBytes,
    },
    {
      name: "weather-dlq",
      partitions,
      cleanup: { policy: "delete", retention: "30 days", retentionBytes },
      maxMessageBytes: setAsideBytes,
    },
    {
      name: "weather-alerts",
      partitions,
      cleanup: { policy: "delete", retention: "30 days", retentionBytes },
    },
  ];
}

/**
 * Everything that is wrong with settings, at once: values of the wrong kind, and values that don't fit each other.
 *
 * What is of the wrong kind is taken at its default for the rules, so that one fault never hides another.
 */
export function settingsFaults(input: unknown): Fault[] {
  const settings = readable(input);
  const brokers = settings.kafka.brokers;
  const replicationFactor = settings.kafka.replicationFactor ?? Math.min(3, brokers);
  const cluster = {
    brokers,
    replicationFactor,
    minInsyncReplicas: settings.kafka.minInsyncReplicas ?? Math.min(2, replicationFactor),
  };
  const ownRules = topicFaults({ name: "weather", partitions: settings.kafka.partitions }, cluster).filter(
    ({ propertyPath }) => propertyPath === "partitions",
  );
  const faults = [
    ...schemaFaults(settingsSchema, input),
    ...under("kafka", [...kafkaClusterFaults(settings.kafka), ...ownRules, ...retentionDiskFaults(settings)]),
    ...under("influxdb", [
      ...influxServerFaults(settings.influxdb),
      ...retentionFaults(settings.influxdb.retention),
    ]),
    ...under("security", certificateLifetimeFaults(settings.security)),
    ...under("placement", placementFaults(settings.placement, brokers)),
    ...swarmFaults(settings),
    ...(settings.backup.enabled
      ? under("backup", [...backupFaults(settings.backup), ...clearStoreFaults(settings)])
      : []),
    ...under("monitor", monitorFaults(settings)),
    ...(settings.documents.enabled ? under("documents", documentStoreFaults(settings.documents)) : []),
    ...portClashes(settings),
  ];
  // The schema and a rule may both speak of one value, or of a part of it; the first word is enough.
  return faults.filter(
    ({ propertyPath }, index) =>
      faults.findIndex((other) => `${other.propertyPath}.`.startsWith(`${propertyPath}.`)) === index,
  );
}

/** Where Kafka and InfluxDB are spoken to by TLS only, their backups aren't sent in the clear. */
function clearStoreFaults({ security, backup: { to } }: Settings): Fault[] {
  if (security.mode !== "mtls" || to?.kind !== "s3" || to.endpoint?.startsWith("http:") !== true) return [];
  const reason = `must begin with https:, since security.mode is "mtls", not ${JSON.stringify(to.endpoint)}`;
  return [{ propertyPath: "to.endpoint", reason }];
}

function retentionFaults(retention: Duration): Fault[] {
  if ((tryDurationMs(retention) ?? Infinity) >= 3_600_000) return [];
  const reason = `must be at least "1 hour", InfluxDB's own minimum, not ${JSON.stringify(retention)}`;
  return [{ propertyPath: "retention", reason }];
}

function swarmFaults({ placement, kafdrop }: Settings): Fault[] {
  if (placement.kind !== "swarm" || !kafdrop.enabled) return [];
  const reason =
    "must be false on a Swarm, which publishes on every address of a node: the page knows no login";
  return [{ propertyPath: "kafdrop.enabled", reason }];
}

function retentionDiskFaults(settings: Settings): Fault[] {
  const { partitions, diskMiB } = settings.kafka;
  const topics = pipelineTopics(settings).map(({ name, cleanup }) => ({
    name,
    partitions,
    cleanup: cleanup ?? { policy: "delete" as const },
  }));
  return diskFaults(topics, diskMiB);
}

function monitorFaults({ monitor, alerts }: Settings): Fault[] {
  if (!monitor.enabled) return [];
  const faults = retentionFaults(monitor.retention);
  const intervalMs = tryDurationMs(monitor.interval) ?? 0;
  if (intervalMs > 0 && 2 * intervalMs > (tryDurationMs(alerts.every) ?? Infinity)) {
    faults.push({
      propertyPath: "interval",
      reason: `must be at most half of alerts.every ("${alerts.every}"), not "${monitor.interval}": a check sees only what came since its last run`,
    });
  }
  return faults;
}

function portClashes(settings: Settings): Fault[] {
  const brokers =
    Number.isInteger(settings.kafka.brokers) && settings.kafka.brokers > 0 && settings.kafka.brokers <= 9
      ? settings.kafka.brokers
      : 1;
  const published: { propertyPath: string; port: number }[] = [
    ...hostPorts({ ...settings.kafka, brokers }).map((port) => ({
      propertyPath: "kafka.firstHostPort",
      port,
    })),
    { propertyPath: "influxdb.hostPort", port: settings.influxdb.hostPort },
    { propertyPath: "consumer.hostPort", port: settings.consumer.hostPort },
    ...(settings.kafdrop.enabled
      ? [{ propertyPath: "kafdrop.hostPort", port: settings.kafdrop.hostPort }]
      : []),
    ...(settings.kafkaUi.enabled
      ? [{ propertyPath: "kafkaUi.hostPort", port: settings.kafkaUi.hostPort }]
      : []),
    ...(settings.documents.enabled
      ? [{ propertyPath: "documents.hostPort", port: settings.documents.hostPort }]
      : []),
    ...(settings.grafana.enabled
      ? [{ propertyPath: "grafana.hostPort", port: settings.grafana.hostPort }]
      : []),
  ];
  return published.flatMap(({ propertyPath, port }, index) => {
    const first = published.findIndex((other) => other.port === port);
    const range = portFaults(propertyPath, port);
    if (range.length > 0 || first === index) return range;
    return [
      {
        propertyPath,
        reason: `${port} is published by ${published[first]?.propertyPath ?? ""} already: choose another`,
      },
    ];
  });
}

/** The settings as far as they can be read; what can't be is at its default. */
function readable(input: unknown): Settings {
  const given = isRecord(input) ? input : {};
  const defaults = settingsSchema.parse({});
  return Object.fromEntries(
    Object.entries(settingsSchema.shape).map(([section, schema]) => {
      const value = given[section];
      const whole = schema.safeParse(value);
      if (whole.success) return [section, whole.data];
      const fallback = defaults[section as keyof Settings];
      if (!isRecord(value) || !isRecord(fallback)) return [section, fallback];
      const kept = Object.entries(value).filter(([key, item]) => schema.safeParse({ [key]: item }).success);
      return [section, { ...fallback, ...Object.fromEntries(kept) }];
    }),
  ) as Settings;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
