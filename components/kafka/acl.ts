import * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { type Fault, throwIfAny } from "../faults";
import { type KafkaCluster } from "./cluster";

/** A consumer group by its name, or all groups whose names begin so. */
export type GroupPattern = { name: string } | { prefix: string };

/**
 * What a program may do in Kafka; all else is refused. Reading or writing a topic includes describing it, and writing one
 * includes writing it idempotently (Kafka's own rules, org.apache.kafka.metadata.authorizer.StandardAuthorizer).
 */
export interface ProgramRights {
  /** The common name of its certificate. A change replaces its rights. */
  principal: string;
  /** Topics it may read. Default: none. */
  reads?: string[];
  /** Topics it may write. Default: none. */
  writes?: string[];
  /** Consumer groups it may join and commit in. Default: none. */
  groups?: GroupPattern[];
  /** Topics whose settings, and the cluster's, it may look at. Default: none. */
  describes?: string[];
  /** Consumer groups it may look at. Default: none. */
  describesGroups?: GroupPattern[];
  /** Bytes a second that it may write to, and read from, each broker; beyond, brokers slow it down. Default: no limit. */
  quota?: { writeBytesPerSecond?: number; readBytesPerSecond?: number };
}

interface AclEntry {
  label: string;
  resourceType: "Topic" | "Group" | "Cluster";
  resourceName: string;
  pattern: "Literal" | "Prefixed";
  operation: "Read" | "Write" | "Describe" | "DescribeConfigs";
}

/** What can be said against rights before anything is created. */
export function programRightsFaults(rights: ProgramRights): Fault[] {
  const faults: Fault[] = [];
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(rights.principal)) {
    faults.push({
      propertyPath: "principal",
      reason: "must be a program's name: lower-case letters, digits and dashes",
    });
  }
  const names: [string, string][] = [
    ...(["reads", "writes", "describes"] as const).flatMap((key) =>
      (rights[key] ?? []).map((topic, index): [string, string] => [`${key}[${index}]`, topic]),
    ),
    ...(["groups", "describesGroups"] as const).flatMap((key) =>
      (rights[key] ?? []).map((group, index): [string, string] => [
        `${key}[${index}]`,
        "prefix" in group ? group.prefix : group.name,
      ]),
    ),
  ];
  for (const [propertyPath, name] of names) {
    if (name === "" || name.includes("*"))
      faults.push({
        propertyPath,
        reason: "must be a name, not a wildcard: it would cover what comes later",
      });
  }
  for (const key of ["writeBytesPerSecond", "readBytesPerSecond"] as const) {
    const bytes = rights.quota?.[key];
    if (bytes !== undefined && (!Number.isInteger(bytes) || bytes < 1_024))
      faults.push({ propertyPath: `quota.${key}`, reason: "must be a whole number of at least 1024" });
  }
  return faults;
}

function entriesOf(rights: ProgramRights): AclEntry[] {
  const topic =
    (operation: AclEntry["operation"]) =>
    (name: string): AclEntry => ({
      label: `${operation}-topic-${name}`.toLowerCase(),
      resourceType: "Topic",
      resourceName: name,
      pattern: "Literal",
      operation,
    });
  const group =
    (operation: AclEntry["operation"]) =>
    (pattern: GroupPattern): AclEntry => {
      const name = "prefix" in pattern ? pattern.prefix : pattern.name;
      return {
        label: `${operation}-group-${name}`.toLowerCase(),
        resourceType: "Group",
        resourceName: name,
        pattern: "prefix" in pattern ? "Prefixed" : "Literal",
        operation,
      };
    };
  const describes = rights.describes ?? [];
  return [
    ...(rights.reads ?? []).map(topic("Read")),
    ...(rights.writes ?? []).map(topic("Write")),
    ...(rights.groups ?? []).map(group("Read")),
    ...describes.flatMap((name) => [topic("Describe")(name), topic("DescribeConfigs")(name)]),
    ...(rights.describesGroups ?? []).map(group("Describe")),
    ...(describes.length === 0
      ? []
      : (["Describe", "DescribeConfigs"] as const).map((operation): AclEntry => ({
          label: `${operation}-cluster`.toLowerCase(),
          resourceType: "Cluster",
          resourceName: "kafka-cluster",
          pattern: "Literal",
          operation,
        }))),
  ];
}

/** Arguments of {@link KafkaRights}. */
export interface KafkaRightsArgs extends ProgramRights {
  cluster: Pick<KafkaCluster, "provider" | "ready">;
}

/**
 * The rights of one program on a cluster whose brokers deny by default: an ACL for each, and its quota. A right is given or taken
 * while brokers and programs run.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class KafkaRights extends pulumi.ComponentResource {
  constructor(name: string, args: KafkaRightsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:kafka:KafkaRights", name, {}, opts);
    throwIfAny(`KafkaRights ${name}`, programRightsFaults(args));
    const onCluster = { parent: this, provider: args.cluster.provider, dependsOn: [args.cluster.ready] };
    for (const { label, resourceType, resourceName, pattern, operation } of entriesOf(args)) {
      new kafka.Acl(
        `${name}-${label}`,
        {
          aclPrincipal: `User:${args.principal}`,
          aclHost: "*",
          aclPermissionType: "Allow",
          aclOperation: operation,
          aclResourceType: resourceType,
          aclResourceName: resourceName,
          resourcePatternTypeFilter: pattern,
        },
        onCluster,
      );
    }
    const { writeBytesPerSecond, readBytesPerSecond } = args.quota ?? {};
    if (writeBytesPerSecond !== undefined || readBytesPerSecond !== undefined) {
      new kafka.Quota(
        `${name}-quota`,
        {
          entityType: "user",
          entityName: args.principal,
          config: {
            ...(writeBytesPerSecond !== undefined && { producer_byte_rate: String(writeBytesPerSecond) }),
            ...(readBytesPerSecond !== undefined && { consumer_byte_rate: String(readBytesPerSecond) }),
          },
        },
        onCluster,
      );
    }
    this.registerOutputs({});
  }
}
