import * as pulumi from "@pulumi/pulumi";
import { type Duration } from "../duration";
import { type Fault } from "../faults";
import { checkQuery, type Reduction } from "./check-api";
import { connectionFaults, type InfluxConnection, secretConnection, textFaults } from "./connection";
import { secondsFaults } from "./flux";

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
export function checkProps(args: InfluxCheckArgs, reduction: Reduction): pulumi.Inputs {
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
      .apply((data) => checkQuery({ ...data, every: args.every, reduction })),
    ...scheduleOf(args),
    statusMessageTemplate,
    tags: args.tags,
    description: args.description,
    status: "active",
    checkId: undefined,
    orgId: undefined,
  };
}
