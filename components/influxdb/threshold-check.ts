import { type Threshold } from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Fault, throwIfAny } from "../faults";
import { checkFaults, checkProps, type CheckSchedule, type InfluxCheckArgs, scheduleOf } from "./check";
import {
  checkBody,
  type CheckBody,
  type CheckLevel,
  type CheckProps,
  checksApi,
  declaredOfChecks,
  type LiveCheck,
  seenOfCheck,
} from "./check-api";
import { influxProvider } from "./resource";

/** Which values give a level: above or below a bound, or within or outside `[min, max]`; the bounds themselves don't count. */
export type CheckThreshold =
  | { level: CheckLevel; above: number }
  | { level: CheckLevel; below: number }
  | { level: CheckLevel; within: readonly [min: number, max: number] }
  | { level: CheckLevel; outside: readonly [min: number, max: number] };

/** Arguments of an {@link InfluxThresholdCheck}. All of it is changed in place. */
export interface InfluxThresholdCheckArgs extends InfluxCheckArgs {
  /** At least one, each level once; the gravest that fits counts. Values that fit none are `OK`. */
  thresholds: CheckThreshold[];
  /** What is made of the points of one interval before the thresholds are asked. Default: `"max"`. */
  aggregate?: "max" | "min" | "mean" | "median" | "sum" | "count" | "first" | "last";
}

interface ThresholdCheckProps extends CheckProps {
  thresholds: CheckThreshold[];
}

const provider = influxProvider<ThresholdCheckProps, CheckBody, LiveCheck>({
  noun: "threshold check",
  declared: [...declaredOfChecks, "thresholds"],
  fixed: [],
  title: (props) => props.name,
  api: checksApi,
  body: (props, orgId) => ({
    ...checkBody(props, orgId),
    type: "threshold",
    thresholds: props.thresholds.map((threshold) => ({
      allValues: false,
      level: threshold.level,
      ...bounds(threshold),
    })),
  }),
  seen: (live) => ({
    ...seenOfCheck(live),
    thresholds: live.type === "threshold" ? (live.thresholds ?? []).map(thresholdOf) : [],
  }),
  outputs: (live) => ({ checkId: live.id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: (live) => live.type === "threshold",
});

function bounds(threshold: CheckThreshold): object {
  if ("above" in threshold) return { type: "greater", value: threshold.above };
  if ("below" in threshold) return { type: "lesser", value: threshold.below };
  const within = "within" in threshold;
  const [min, max] = within ? threshold.within : threshold.outside;
  return { type: "range", min, max, within };
}

function thresholdOf(live: Threshold): CheckThreshold {
  const level = (live.level ?? "OK") as CheckLevel;
  if (live.type === "greater") return { level, above: live.value };
  if (live.type === "lesser") return { level, below: live.value };
  const range = [live.min, live.max] as const;
  return live.within ? { level, within: range } : { level, outside: range };
}

/** What is wrong with a threshold check's arguments, as far as they are known. */
export function thresholdCheckFaults(args: InfluxThresholdCheckArgs): Fault[] {
  const faults = checkFaults(args);
  if (args.thresholds.length === 0)
    faults.push({ propertyPath: "thresholds", reason: "must hold at least one" });
  const levels = new Set<CheckLevel>();
  args.thresholds.forEach((threshold, index) => {
    const propertyPath = `thresholds[${index}]`;
    const { level, ...bound } = threshold;
    if (levels.has(level)) {
      faults.push({
        propertyPath: `${propertyPath}.level`,
        reason: `${level} has a threshold already: the server takes one a level`,
      });
    }
    levels.add(level);
    for (const [key, value] of Object.entries<number | readonly number[]>(bound)) {
      const numbers = typeof value === "number" ? [value] : value;
      const [min, max] = numbers;
      if (!numbers.every(Number.isFinite)) {
        faults.push({ propertyPath: `${propertyPath}.${key}`, reason: "must be a finite number" });
      } else if (min !== undefined && max !== undefined && min >= max) {
        faults.push({
          propertyPath: `${propertyPath}.${key}`,
          reason: `[${min}, ${max}] must be [min, max] with min below max`,
        });
      }
    }
  });
  return faults;
}

/**
 * A check that gives each series a level by its values (`pulumi-nodejs:dynamic/influxdb:ThresholdCheck`). One of the same
 * name that exists already is adopted; one that was set inactive by hand is set active again.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxThresholdCheck extends pulumi.dynamic.Resource {
  declare readonly checkId: pulumi.Output<string>;
  /** For the rule that follows, see `InfluxNotificationRuleArgs.checks`. */
  readonly schedule: CheckSchedule;

  constructor(name: string, args: InfluxThresholdCheckArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB threshold check ${name}`, thresholdCheckFaults(args));
    const reduction = { kind: "window", fn: args.aggregate ?? "max" } as const;
    const props = { ...checkProps(args, reduction), thresholds: args.thresholds };
    super(provider, name, props, opts, "influxdb", "ThresholdCheck");
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.checkId = this.id;
    this.schedule = scheduleOf(args);
  }
}
