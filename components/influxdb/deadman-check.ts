import * as pulumi from "@pulumi/pulumi";
import { type Duration, tryDurationMs } from "../duration";
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
import { durationOfFlux, fluxDuration, secondsFaults } from "./flux";
import { influxProvider } from "./resource";

/** Arguments of an {@link InfluxDeadmanCheck}. All of it is changed in place. */
export interface InfluxDeadmanCheckArgs extends InfluxCheckArgs {
  /** How long a series may be silent before it's reported, in whole seconds. */
  timeSince: Duration;
  /** How far back silent series are looked for, in whole seconds; after that they are forgotten. Longer than `timeSince`. */
  staleTime: Duration;
  /** Level of a silent series. Default: `"CRIT"`. */
  level?: CheckLevel;
  /** Whether points of value zero count as silence. Default: false. */
  reportZero?: boolean;
}

interface DeadmanCheckProps extends CheckProps {
  timeSince?: string;
  staleTime?: string;
  level?: string;
  reportZero?: boolean;
}

const provider = influxProvider<DeadmanCheckProps, CheckBody, LiveCheck>({
  noun: "deadman check",
  declared: [...declaredOfChecks, "timeSince", "staleTime", "level", "reportZero"],
  fixed: [],
  title: (props) => props.name,
  api: checksApi,
  body: (props, orgId) => ({
    ...checkBody(props, orgId),
    type: "deadman",
    timeSince: fluxDuration(props.timeSince),
    staleTime: fluxDuration(props.staleTime),
    level: props.level,
    reportZero: props.reportZero,
  }),
  seen: (live) => ({
    ...seenOfCheck(live),
    ...(live.type === "deadman" && {
      timeSince: durationOfFlux(live.timeSince),
      staleTime: durationOfFlux(live.staleTime),
      level: live.level,
      reportZero: live.reportZero,
    }),
  }),
  outputs: (live) => ({ checkId: live.id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: (live) => live.type === "deadman",
});

/** What is wrong with a deadman check's arguments, as far as they are known. */
export function deadmanCheckFaults(args: InfluxDeadmanCheckArgs): Fault[] {
  const faults = [
    ...checkFaults(args),
    ...secondsFaults("timeSince", args.timeSince),
    ...secondsFaults("staleTime", args.staleTime),
  ];
  const timeSinceMs = tryDurationMs(args.timeSince);
  const staleTimeMs = tryDurationMs(args.staleTime);
  if (timeSinceMs !== undefined && staleTimeMs !== undefined && staleTimeMs <= timeSinceMs) {
    faults.push({
      propertyPath: "staleTime",
      reason: `${JSON.stringify(args.staleTime)} must be longer than timeSince ${JSON.stringify(args.timeSince)}, or silence is never seen`,
    });
  }
  return faults;
}

/**
 * A check that reports series which fell silent (`pulumi-nodejs:dynamic/influxdb:DeadmanCheck`), at every run while the
 * silence lasts. One of the same name that exists already is adopted; one set inactive by hand is set active again.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxDeadmanCheck extends pulumi.dynamic.Resource {
  declare readonly checkId: pulumi.Output<string>;
  /** For the rule that follows, see `InfluxNotificationRuleArgs.checks`. */
  readonly schedule: CheckSchedule;

  constructor(name: string, args: InfluxDeadmanCheckArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB deadman check ${name}`, deadmanCheckFaults(args));
    const { timeSince, staleTime, level = "CRIT", reportZero = false } = args;
    const props = { ...checkProps(args, { kind: "newest" }), timeSince, staleTime, level, reportZero };
    super(provider, name, props, opts, "influxdb", "DeadmanCheck");
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.checkId = this.id;
    this.schedule = scheduleOf(args);
  }
}
