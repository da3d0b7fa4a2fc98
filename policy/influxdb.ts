import { knownText } from "./broker";
import { type ContainerView, containerView } from "./container";
import { isInfluxServer } from "./network";
import { type Property } from "./property";
import { type Policy, resourcePolicy, stackPolicy } from "./verdict";

/** The kinds of InfluxDB resource, by the end of their type token. */
type InfluxKind = "Bucket" | "Token" | "ThresholdCheck" | "DeadmanCheck";

function isInflux(kind: InfluxKind, { type }: { type: string }): boolean {
  return type === `pulumi-nodejs:dynamic/influxdb:${kind}`;
}

export const influxdbBucketRetention = resourcePolicy<Property>({
  name: "influxdb-bucket-retention",
  description: "An InfluxDB bucket keeps its points for a finite time.",
  severity: "medium",
  remediationSteps:
    'Set the bucket\'s retention, such as "30 days"; on the container DOCKER_INFLUXDB_INIT_RETENTION=30d.',
  subjectOf: (resource) => {
    if (isInflux("Bucket", resource)) return resource.props.get("retention");
    const container = containerView(resource);
    return container &&
      isInfluxServer(container) &&
      !container.environment.get("DOCKER_INFLUXDB_INIT_BUCKET").isAbsent
      ? container.environment.get("DOCKER_INFLUXDB_INIT_RETENTION")
      : undefined;
  },
  judge(retention, verdict) {
    const instead = 'a length of time, such as "30 days" (30d in DOCKER_INFLUXDB_INIT_RETENTION)';
    const text = knownText(retention);
    if (retention.isUnknown) verdict.undecided(retention);
    else if (text === undefined || text === "")
      verdict.refuse(retention, "is absent, and everything is then kept until the disk is full", instead);
    else if (/^\s*(infinite|inf|forever|-?\d*\.?0+[a-z ]*)\s*$/i.test(text) && !/[1-9]/.test(text)) {
      verdict.refuse(retention, "is infinite: everything is kept until the disk is full", instead);
    }
  },
});

export const influxdbTokenScope = resourcePolicy<Property, { allowedForAll: string[] }>({
  name: "influxdb-token-scope",
  description: "An InfluxDB token is for the buckets that its program uses, not for all.",
  severity: "high",
  remediationSteps: 'Name a bucket in each permission: { action: "read", bucket: bucket.bucketId }.',
  configSchema: {
    properties: {
      allowedForAll: {
        type: "array",
        items: { type: "string", pattern: "^(read|write) [a-zA-Z]+$" },
        default: ["read checks", "read orgs"],
        description: 'What a token may do on all resources of a type, such as "read orgs".',
      },
    },
  },
  subjectOf: (resource) => (isInflux("Token", resource) ? resource.props.get("permissions") : undefined),
  judge(permissions, verdict, { allowedForAll }) {
    const instead = "the id of one bucket, or the action and type in allowedForAll";
    if (permissions.items.length === 0)
      verdict.refuse(permissions, "is empty or absent", 'a list such as [{ action: "read", bucket: ... }]');
    for (const permission of permissions.items) {
      if (permission.isUnknown) {
        verdict.undecided(permission);
        continue;
      }
      const resource = permission.get("resource");
      const named = [permission.get("bucket"), permission.get("id"), resource.get("id")];
      // Known to be one bucket, even where its id isn't known yet; an unknown `resource` may be anything.
      if (named.some((property) => !property.isAbsent && !resource.isUnknown)) continue;
      const all = permission.get("allOf").isAbsent ? resource : permission.get("allOf");
      const type = all.isAbsent || all.text !== undefined ? all : all.get("type");
      const action = permission.get("action");
      if (type.isUnknown || action.isUnknown) verdict.undecided(type.isUnknown ? type : action);
      else if (!allowedForAll.includes(`${knownText(action) ?? ""} ${knownText(type) ?? ""}`)) {
        verdict.refuse(permission, "is for all resources of a type", instead);
      }
    }
  },
});

export const influxdbChecks = stackPolicy({
  name: "influxdb-checks",
  description: "A stack with InfluxDB has at least one threshold check and one deadman check.",
  severity: "high",
  remediationSteps:
    "Declare an InfluxThresholdCheck on the values and an InfluxDeadmanCheck on their arrival.",
  judge(resources, verdictOn) {
    const server = resources.find((resource) => {
      const container = containerView(resource);
      return isInflux("Bucket", resource) || (container !== undefined && isInfluxServer(container));
    });
    if (!server) return;
    const verdict = verdictOn(server);
    if (!resources.some((resource) => isInflux("ThresholdCheck", resource))) {
      verdict.refuse(
        { path: "stack" },
        "has no threshold check: a value out of bounds is never noticed",
        "an InfluxThresholdCheck",
      );
    }
    if (!resources.some((resource) => isInflux("DeadmanCheck", resource))) {
      verdict.refuse(
        { path: "stack" },
        "has no deadman check: nobody notices when points stop arriving",
        "an InfluxDeadmanCheck",
      );
    }
  },
});

export const influxdbOperatorTokenPrivate = stackPolicy({
  name: "influxdb-operator-token-private",
  description: "The all-access token that InfluxDB is set up with reaches no program but the server itself.",
  severity: "critical",
  remediationSteps: "Declare an InfluxToken with the program's own permissions and give it that one.",
  judge(resources, verdictOn) {
    const containers = resources.flatMap((resource) => {
      const container = containerView(resource);
      return container ? [{ resource, container }] : [];
    });
    const servers = containers.filter(({ container }) => isInfluxServer(container));
    const held = servers.flatMap(({ resource, container }) =>
      operatorTokens(container).map((token) => ({ resource, token })),
    );
    for (const { resource, token } of held) if (token.isUnknown) verdictOn(resource).undecided(token);
    const tokens = held
      .flatMap(({ token }) => (knownText(token) ?? "").trim())
      .filter((token) => token.length >= 8);
    for (const { resource, container } of containers) {
      if (isInfluxServer(container)) continue;
      const places = placesOf(container);
      const verdict = verdictOn(resource);
      const holder = places.find((place) => tokens.some((token) => (knownText(place) ?? "").includes(token)));
      if (holder)
        verdict.refuse(
          holder,
          "holds InfluxDB's all-access token",
          "a token of the program's own, with its permissions",
        );
    }
  },
});

function operatorTokens({ environment, files }: ContainerView): Property[] {
  const path = knownText(environment.get("DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE"));
  const inFile = files
    .filter(({ file }) => path !== undefined && knownText(file) === path)
    .map(({ content }) => content);
  return [environment.get("DOCKER_INFLUXDB_INIT_ADMIN_TOKEN"), ...inFile];
}

function placesOf({ environment, commands, files }: ContainerView): Property[] {
  return [
    ...environment.variables.map(({ value }) => value),
    ...commands.flatMap((list) => list.items),
    ...files.map(({ content }) => content),
  ];
}

export const influxdbPolicies: readonly Policy[] = [
  influxdbBucketRetention,
  influxdbTokenScope,
  influxdbChecks,
  influxdbOperatorTokenPrivate,
];
