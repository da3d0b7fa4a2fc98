import {
  type HTTPNotificationRule,
  type NotificationRule,
  type TagRule,
} from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Duration, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { influxApis } from "./api";
import { type CheckSchedule } from "./check";
import { type CheckLevel } from "./check-api";
import {
  connectionFaults,
  idFaults,
  type InfluxConnection,
  secretConnection,
  textFaults,
} from "./connection";
import { durationOfFlux, fluxDuration, secondsFaults } from "./flux";
import { influxProvider, type InfluxProps } from "./resource";

/** Which statuses are notified of: those of a level, or those that changed to it from another. */
export interface StatusRule {
  currentLevel: CheckLevel | "ANY";
  /** Default: whatever it was before. */
  previousLevel?: CheckLevel | "ANY";
}

/** Which tags a status must have. */
export interface StatusTagRule {
  key: string;
  value: string;
  operator: NonNullable<TagRule["operator"]>;
}

/** When an endpoint is told. All of it is changed in place. */
export interface InfluxNotificationRuleArgs {
  connection: InfluxConnection;
  /** The server allows doubles; here it must be unique in the organisation, for leftovers are told by it. */
  name: pulumi.Input<string>;
  /** `endpointId` of an `InfluxHttpEndpoint`. */
  endpointId: pulumi.Input<string>;
  /** Default: every `CRIT`, at each run while it lasts. */
  statusRules?: StatusRule[];
  /** All must hold. Default: none. */
  tagRules?: StatusTagRule[];
  /** How often statuses are looked for, in whole seconds; at least the checks' own `every`. */
  every: Duration;
  /** How much later than its interval it runs; more than the checks' own `offset`. Default: `"3 seconds"`. */
  offset?: Duration;
  /** `schedule` of each check whose statuses this rule is for, to be held against `every` and `offset`. Default: none. */
  checks?: readonly CheckSchedule[];
  /** Default: none. */
  description?: pulumi.Input<string>;
}

interface NotificationRuleProps extends InfluxProps {
  name: string;
  endpointId: string;
  statusRules: StatusRule[];
  tagRules?: StatusTagRule[];
  every?: string;
  offset?: string;
  description?: string;
  status?: "active" | "inactive";
  ruleId: string;
}

/** A rule's request; the generated type doesn't allow `previousLevel: null`, without which the server matches nothing. */
type NotificationRuleBody = Record<string, unknown> & { name: string };

const defaultOffset: Duration = "3 seconds";

const provider = influxProvider<NotificationRuleProps, NotificationRuleBody, NotificationRule>({
  noun: "notification rule",
  declared: ["name", "endpointId", "statusRules", "tagRules", "every", "offset", "description", "status"],
  fixed: [],
  title: (props) => props.name,
  api: (influx) => {
    const rules = new (influxApis().NotificationRulesAPI)(influx);
    return {
      list: async (page) => (await rules.getNotificationRules(page)).notificationRules ?? [],
      create: (body) => rules.createNotificationRule({ body: body as unknown as NotificationRule }),
      get: (ruleID) => rules.getNotificationRulesID({ ruleID }),
      update: (ruleID, body) =>
        rules.putNotificationRulesID({ ruleID, body: body as unknown as NotificationRule }),
      remove: async (ruleID) => {
        await rules.deleteNotificationRulesID({ ruleID });
      },
    };
  },
  body: (props, orgID) => ({
    orgID,
    type: "http",
    name: props.name,
    endpointID: props.endpointId,
    statusRules: props.statusRules.map(({ currentLevel, previousLevel = null }) => ({
      currentLevel,
      previousLevel,
    })),
    tagRules: props.tagRules ?? [],
    every: fluxDuration(props.every),
    offset: fluxDuration(props.offset),
    description: props.description ?? "",
    status: props.status,
  }),
  seen: (live) => {
    const { name, endpointID, statusRules, tagRules, every, offset, description, status } =
      live as HTTPNotificationRule;
    return {
      name,
      endpointId: endpointID,
      statusRules: statusRules.map(({ currentLevel, previousLevel }) => ({
        currentLevel: currentLevel as StatusRule["currentLevel"],
        ...(previousLevel ? { previousLevel: previousLevel as StatusRule["currentLevel"] } : {}),
      })),
      tagRules: tagRules?.length ? (tagRules as StatusTagRule[]) : undefined,
      every: durationOfFlux(every),
      offset: durationOfFlux(offset),
      description,
      status,
    };
  },
  outputs: (live) => ({ ruleId: live.id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: (live) => live.type === "http",
});

/** What is wrong with a rule's arguments, as far as they are known. */
export function notificationRuleFaults(args: InfluxNotificationRuleArgs): Fault[] {
  const { every, offset = defaultOffset, checks = [] } = args;
  const faults = [
    ...connectionFaults(args.connection),
    ...textFaults("name", args.name),
    ...idFaults("endpointId", args.endpointId, "`endpointId` of an InfluxHttpEndpoint"),
    ...secondsFaults("every", every),
    ...secondsFaults("offset", offset),
  ];
  if (args.statusRules?.length === 0)
    faults.push({ propertyPath: "statusRules", reason: "must hold at least one" });
  const everyMs = tryDurationMs(every) ?? Infinity;
  const offsetMs = tryDurationMs(offset) ?? Infinity;
  checks.forEach((check, index) => {
    if (everyMs < (tryDurationMs(check.every) ?? 0)) {
      faults.push({
        propertyPath: "every",
        reason: `"${every}" must be at least "${check.every}", the every of checks[${index}]`,
      });
    }
    if (offsetMs <= (tryDurationMs(check.offset) ?? 0)) {
      faults.push({
        propertyPath: "offset",
        reason: `"${offset}" must be more than "${check.offset}", the offset of checks[${index}], or its newest status is missed`,
      });
    }
  });
  return faults;
}

/**
 * A rule that posts statuses to an endpoint (`pulumi-nodejs:dynamic/influxdb:NotificationRule`). Of those with the same
 * name that exist already one is adopted and the rest deleted; one set inactive by hand is set active again.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxNotificationRule extends pulumi.dynamic.Resource {
  declare readonly ruleId: pulumi.Output<string>;

  constructor(name: string, args: InfluxNotificationRuleArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB notification rule ${name}`, notificationRuleFaults(args));
    super(
      provider,
      name,
      {
        statusRules: [{ currentLevel: "CRIT" }],
        offset: defaultOffset,
        ...args,
        checks: undefined,
        connection: secretConnection(args.connection),
        status: "active",
        ruleId: undefined,
        orgId: undefined,
      },
      opts,
      "influxdb",
      "NotificationRule",
    );
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.ruleId = this.id;
  }
}
