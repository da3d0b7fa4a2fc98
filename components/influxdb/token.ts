import {
  type Authorization,
  type AuthorizationPostRequest,
  type Permission,
} from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Fault, throwIfAny } from "../faults";
import { influxApis } from "./api";
import {
  connectionFaults,
  idFaults,
  type InfluxConnection,
  secretConnection,
  textFaults,
} from "./connection";
import { influxProvider, type InfluxProps, sameValue } from "./resource";

/** The kinds of resource that a token may be allowed to see or change as a whole. */
export type InfluxResourceType = Permission["resource"]["type"];

/** One thing that a token may do, on one bucket (by id) or, said explicitly, on all resources of a type. */
export type InfluxPermission =
  | { action: "read" | "write"; bucket: pulumi.Input<string> }
  | { action: "read" | "write"; allOf: InfluxResourceType };

/** Arguments of an {@link InfluxToken}. */
export interface InfluxTokenArgs {
  connection: InfluxConnection;
  /**
   * What the token is for, such as `"producer: reads weather"`; unique among tokens of equal permissions, for it's the
   * only thing a token can be told by. Changed in place.
   */
  description: pulumi.Input<string>;
  /** At least one. A change replaces the token: the new one is made first, the old one goes last. */
  permissions: InfluxPermission[];
}

interface TokenProps extends InfluxProps {
  description: string;
  permissions: (
    { action: "read" | "write"; bucket: string } | { action: "read" | "write"; allOf: InfluxResourceType }
  )[];
  status?: "active" | "inactive";
  tokenId: string;
  token: string;
}

const provider = influxProvider<TokenProps, AuthorizationPostRequest, Authorization>({
  noun: "token",
  declared: ["description", "permissions", "status"],
  fixed: ["permissions"],
  title: (props) => props.description,
  api: (influx) => {
    const authorizations = new (influxApis().AuthorizationsAPI)(influx);
    return {
      list: async ({ orgID }) => (await authorizations.getAuthorizations({ orgID })).authorizations ?? [],
      create: (body) => authorizations.postAuthorizations({ body }),
      get: (authID) => authorizations.getAuthorizationsID({ authID }),
      update: (authID, { description, status }) =>
        authorizations.patchAuthorizationsID({ authID, body: { description, status } }),
      remove: (authID) => authorizations.deleteAuthorizationsID({ authID }),
    };
  },
  body: ({ description, permissions, status }, orgID) => ({
    orgID,
    description,
    status,
    permissions: permissions.map((permission) => ({
      action: permission.action,
      // Never by name: the server drops a bucket's name and grants all buckets instead.
      resource:
        "bucket" in permission
          ? { type: "buckets", id: permission.bucket, orgID }
          : permission.allOf === "orgs"
            ? // A token sees one organisation, its own; by type alone the server takes it for none, and hides system buckets.
              { type: permission.allOf, id: orgID }
            : { type: permission.allOf, orgID },
    })),
  }),
  seen: ({ description, status }) => ({ description, status }),
  outputs: (live, before) => ({ tokenId: live.id, token: live.token === "" ? before.token : live.token }),
  // With the permissions, so that a token being replaced serves until its successor is in use.
  isLeftover: (live, { description, permissions }) =>
    live.description === description && sameValue(grants(live.permissions), grants(permissions), false),
  // The server tells a token's text once, at creation.
  isAdoptable: () => false,
});

function grants(permissions: Permission[] = []): string[] {
  return permissions.map(({ action, resource }) => `${action} ${resource.type} ${resource.id ?? "*"}`).sort();
}

/** What is wrong with a token's arguments, as far as they are known. */
export function tokenFaults(args: InfluxTokenArgs): Fault[] {
  const faults = [...connectionFaults(args.connection), ...textFaults("description", args.description)];
  if (args.permissions.length === 0) {
    faults.push({ propertyPath: "permissions", reason: "must grant at least one thing" });
  }
  args.permissions.forEach((permission, index) => {
    if (!("bucket" in permission)) return;
    faults.push(
      ...idFaults(`permissions[${index}].bucket`, permission.bucket, "`bucketId` of an InfluxBucket"),
    );
  });
  return faults;
}

/**
 * An API token with just the permissions listed (`pulumi-nodejs:dynamic/influxdb:Token`). The server tells its text only
 * once, at creation: it's kept as a secret, and a token that went missing is made anew.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxToken extends pulumi.dynamic.Resource {
  declare readonly tokenId: pulumi.Output<string>;
  /** What a client sends as `Authorization: Token ...`. A secret. */
  declare readonly token: pulumi.Output<string>;

  constructor(name: string, args: InfluxTokenArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB token ${name}`, tokenFaults(args));
    const props = { ...args, connection: secretConnection(args.connection), status: "active" };
    super(
      provider,
      name,
      { ...props, tokenId: undefined, token: undefined, orgId: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["token"] }),
      "influxdb",
      "Token",
    );
    // Where nobody heeds additionalSecretOutputs, as under mocks, it's a secret all the same.
    this.token = pulumi.secret(this.token);
  }
}
