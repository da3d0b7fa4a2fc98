import type * as client from "@influxdata/influxdb-client";
import { type Check } from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Duration } from "../duration";
import { type Fault } from "../faults";
import { influxApis, type ResourceApi } from "./api";
import { connectionFaults, type InfluxConnection, secretConnection, textFaults } from "./connection";
import { durationOfFlux, fluxDuration, fluxString, secondsFaults } from "./flux";
import { type InfluxProps } from "./resource";

/** How grave a status is, from good to bad. */
export type CheckLevel = "OK" | "INFO" | "WARN" | "CRIT";

/** When a check runs: every so often, and how much later than the full interval. */
export interface CheckSchedule {
  every: Duration;
  offset: Duration;
}

/** What threshold and deadman checks have in common. All of it is changed in place. */
export interface InfluxCheckArgs {
  connection: InfluxConnection;
  /** Unique among the organisation's checks. */
  name: pulumi.Input<string>;
  /** Name of the bucket that is looked at. */
  bucket: pulumi.Input<string>;
  measurement: pulumi.Input<string>;
  /** The one field that is looked at. */
  field: pulumi.Input<string>;
  /** Only series with these tag values. Default: all. Each series gets a status of its own. */
  where?: Record<string, pulumi.Input<string>>;
  /** How often it runs, in whole seconds; a threshold check sees just this last stretch, so longer than the data's interval. */
  every: Duration;
  /** How much later it runs than its interval ends, for late points. Default: `"1 second"`. */
  offset?: Duration;
  /**
   * The status's message, in which `${r._check_name}`, `${r._level}` and each of the row's columns stand for their
   * values. Default: `"${r._check_name} is ${r._level}"`.
   */
  statusMessageTemplate?: pulumi.Input<string>;
  /** Put on every status, for rules to select by. Default: none. */
  tags?: Record<string, pulumi.Input<string>>;
  /** Default: none. */
  description?: pulumi.Input<string>;
}

export interface CheckProps extends InfluxProps {
  name: string;
  query: string;
  every?: string;
  offset?: string;
  statusMessageTemplate?: string;
  tags?: Record<string, string>;
  description?: string;
  status?: "active" | "inactive";
  checkId: string;
}

/** The properties of {@link CheckProps} that are declared. */
export const declaredOfChecks = [
  "name",
  "query",
  "every",
  "offset",
  "statusMessageTemplate",
  "tags",
  "description",
  "status",
] as const;

/** A check's request; the generated types lack what both kinds have in common. */
export type CheckBody = Record<string, unknown> & { name: string };

const defaultOffset: Duration = "1 second";

/** The schedule that a check's arguments mean. */
export function scheduleOf({
  every,
  offset = defaultOffset,
}: Pick<InfluxCheckArgs, "every" | "offset">): CheckSchedule {
  return { every, offset };
}

/** What is wrong with the arguments common to all checks, as far as they are known. */
export function checkFaults(args: InfluxCheckArgs): Fault[] {
  return [
    ...connectionFaults(args.connection),
    ...(["name", "bucket", "measurement", "field"] as const).flatMap((key) => textFaults(key, args[key])),
    ...secondsFaults("every", args.every),
    ...(args.offset === undefined ? [] : secondsFaults("offset", args.offset)),
  ];
}

/** A check's properties as they are kept in state: where it looks is said by its query. */
export function checkProps(args: InfluxCheckArgs, aggregate?: { fn: string }): pulumi.Inputs {
  const {
    bucket,
    measurement,
    field,
    where,
    statusMessageTemplate = "${r._check_name} is ${r._level}",
  } = args;
  return {
    connection: secretConnection(args.connection),
    name: args.name,
    query: pulumi
      .output({ bucket, measurement, field, where })
      .apply((data) => checkQuery({ ...data, every: args.every, aggregate })),
    ...scheduleOf(args),
    statusMessageTemplate,
    tags: args.tags,
    description: args.description,
    status: "active",
    checkId: undefined,
    orgId: undefined,
  };
}

/** The one pipe that the server makes the check's task of; it accepts exactly one test of `r._field`. */
export function checkQuery(data: {
  bucket: string;
  measurement: string;
  field: string;
  where?: Record<string, string>;
  every: string;
  aggregate?: { fn: string };
}): string {
  const where = Object.entries(data.where ?? {}).map(
    ([tag, value]) => `r[${fluxString(tag)}] == ${fluxString(value)}`,
  );
  const tests = [
    `r._measurement == ${fluxString(data.measurement)}`,
    `r._field == ${fluxString(data.field)}`,
    ...where,
  ];
  const every = fluxDuration(data.every);
  return [
    `from(bucket: ${fluxString(data.bucket)})`,
    `range(start: -${every})`,
    ...tests.map((test) => `filter(fn: (r) => ${test})`),
    ...(data.aggregate
      ? [`aggregateWindow(every: ${every}, fn: ${data.aggregate.fn}, createEmpty: false)`]
      : []),
  ].join(" |> ");
}

/** What all checks have in their request. */
export function checkBody(props: CheckProps, orgID: string): CheckBody {
  const tags = Object.entries(props.tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    orgID,
    name: props.name,
    query: { text: props.query },
    every: fluxDuration(props.every),
    offset: fluxDuration(props.offset),
    statusMessageTemplate: props.statusMessageTemplate ?? "",
    tags: tags.map(([key, value]) => ({ key, value })),
    description: props.description ?? "",
    status: props.status,
  };
}

/** A check as the server tells it; the generated types lack most of it. */
export type LiveCheck = Check & {
  every?: string;
  offset?: string;
  statusMessageTemplate?: string;
  tags?: { key: string; value: string }[] | null;
};

/** What the server holds of the properties that all checks have. */
export function seenOfCheck(live: LiveCheck): Partial<CheckProps> {
  const { name, query, every, offset, statusMessageTemplate, tags, description, status } = live;
  return {
    name,
    query: query.text ?? "",
    every: durationOfFlux(every),
    offset: durationOfFlux(offset),
    statusMessageTemplate,
    tags: tags?.length ? Object.fromEntries(tags.map(({ key, value }) => [key, value])) : undefined,
    description,
    status,
  };
}

export function checksApi(influx: client.InfluxDB): ResourceApi<CheckBody, LiveCheck> {
  const checks = new (influxApis().ChecksAPI)(influx);
  return {
    list: async (page) => (await checks.getChecks(page)).checks ?? [],
    create: (body) => checks.createCheck({ body: body as unknown as Check }),
    get: (checkID) => checks.getChecksID({ checkID }),
    // PUT, for PATCH leaves the task behind the check as it was.
    update: (checkID, body) => checks.putChecksID({ checkID, body: body as unknown as Check }),
    remove: (checkID) => checks.deleteChecksID({ checkID }),
  };
}
