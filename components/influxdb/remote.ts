import {
  type RemoteConnection,
  type RemoteConnectionCreationRequest,
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
  urlFaults,
} from "./connection";
import { influxProvider, type InfluxProps } from "./resource";

/** Another server that buckets are replicated to, or whatever speaks its write API. All of it is changed in place. */
export interface InfluxRemoteArgs {
  connection: InfluxConnection;
  /** Unique among the organisation's remotes. */
  name: pulumi.Input<string>;
  /** Base address of the remote's API as seen from the InfluxDB server; `/api/v2/write` is added to it. */
  url: pulumi.Input<string>;
  /** What the remote demands as `Authorization: Token ...`; kept as a secret. */
  token: pulumi.Input<string>;
  /** Id of the organisation there. Default: the id of the one here, for a remote that has no organisations. */
  remoteOrgId?: pulumi.Input<string>;
  /** Whether the remote's certificate may be of any authority. Default: false. */
  allowInsecureTls?: boolean;
  /** Default: none. */
  description?: pulumi.Input<string>;
}

interface RemoteProps extends InfluxProps {
  name: string;
  url: string;
  token: string;
  remoteOrgId?: string;
  allowInsecureTls?: boolean;
  description?: string;
  remoteId: string;
}

const provider = influxProvider<RemoteProps, RemoteConnectionCreationRequest, RemoteConnection>({
  noun: "remote",
  declared: ["name", "url", "token", "remoteOrgId", "allowInsecureTls", "description"],
  fixed: [],
  title: (props) => props.name,
  api: (influx) => {
    const remotes = new (influxApis().RemotesAPI)(influx);
    return {
      list: async ({ orgID }) => (await remotes.getRemoteConnections({ orgID })).remotes ?? [],
      create: (body) => remotes.postRemoteConnection({ body }),
      get: (remoteID) => remotes.getRemoteConnectionByID({ remoteID }),
      update: (remoteID, body) => remotes.patchRemoteConnectionByID({ remoteID, body }),
      remove: (remoteID) => remotes.deleteRemoteConnectionByID({ remoteID }),
    };
  },
  body: (props, orgID) => ({
    orgID,
    name: props.name,
    remoteURL: props.url,
    remoteAPIToken: props.token,
    remoteOrgID: props.remoteOrgId ?? orgID,
    allowInsecureTLS: props.allowInsecureTls ?? false,
    description: props.description ?? "",
  }),
  seen: ({ name, remoteURL, remoteOrgID, allowInsecureTLS, description }) => ({
    name,
    url: remoteURL,
    remoteOrgId: remoteOrgID,
    allowInsecureTls: allowInsecureTLS,
    description,
  }),
  outputs: ({ id }) => ({ remoteId: id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: () => true,
});

/** What is wrong with a remote's arguments, as far as they are known. */
export function remoteFaults(args: InfluxRemoteArgs): Fault[] {
  return [
    ...connectionFaults(args.connection),
    ...textFaults("name", args.name),
    ...urlFaults("url", args.url),
    ...textFaults("token", args.token),
    ...(args.remoteOrgId === undefined
      ? []
      : idFaults("remoteOrgId", args.remoteOrgId, "the organisation's id there")),
  ];
}

/**
 * Where replications of this organisation may send to (`pulumi-nodejs:dynamic/influxdb:Remote`). One of the same name
 * that exists already is adopted.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxRemote extends pulumi.dynamic.Resource {
  declare readonly remoteId: pulumi.Output<string>;

  constructor(name: string, args: InfluxRemoteArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB remote ${name}`, remoteFaults(args));
    super(
      provider,
      name,
      {
        allowInsecureTls: false,
        ...args,
        connection: secretConnection(args.connection),
        token: pulumi.secret(args.token),
        remoteId: undefined,
        orgId: undefined,
      },
      opts,
      "influxdb",
      "Remote",
    );
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.remoteId = this.id;
  }
}
