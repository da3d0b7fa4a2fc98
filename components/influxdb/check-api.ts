import type * as client from "@influxdata/influxdb-client";
import { type Check } from "@influxdata/influxdb-client-apis";
import { influxApis, type ResourceApi } from "./api";
import { durationOfFlux, fluxDuration, fluxString } from "./flux";
import { type InfluxProps } from "./resource";

// What the providers of checks are serialised with. Apart from check.ts, so that Pulumi's SDK isn't serialised with it.

/** How grave a status is, from good to bad. */
export type CheckLevel = "OK" | "INFO" | "WARN" | "CRIT";

/** What both kinds of check keep in their state. */
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

/**
 * What a check looks at of the points of a series: the server would turn each into a row of memory, and a deadman check has all of its
 * `staleTime` read at every run. Either is done by the storage engine, as one value a series.
 */
export type Reduction = { kind: "window"; fn: string } | { kind: "newest" };

/** The one pipe that the server makes the check's task of; it accepts exactly one test of `r._field`. */
export function checkQuery(data: {
  bucket: string;
  measurement: string;
  field: string;
  where?: Record<string, string>;
  every: string;
  reduction: Reduction;
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
    data.reduction.kind === "newest"
      ? "last()"
      : `aggregateWindow(every: ${every}, fn: ${data.reduction.fn}, createEmpty: false)`,
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
    list: async (page) => ((await checks.getChecks(page)).checks ?? []) as LiveCheck[],
    create: async (body) => (await checks.createCheck({ body: body as unknown as Check })) as LiveCheck,
    get: async (checkID) => (await checks.getChecksID({ checkID })) as LiveCheck,
    // PUT, for PATCH leaves the task behind the check as it was.
    update: async (checkID, body) =>
      (await checks.putChecksID({ checkID, body: body as unknown as Check })) as LiveCheck,
    remove: (checkID) => checks.deleteChecksID({ checkID }),
  };
}
