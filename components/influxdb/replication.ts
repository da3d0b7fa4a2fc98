import { type Replication, type ReplicationCreationRequest } from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Duration, durationSeconds } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { influxApis } from "./api";
import {
  connectionFaults,
  idFaults,
  type InfluxConnection,
  secretConnection,
  textFaults,
} from "./connection";
import { durationOfSeconds, secondsFaults } from "./flux";
import { influxProvider, type InfluxProps } from "./resource";

/** The queue's least size, as the server has it. */
const minQueueBytes = 33_554_430;

/** A copy of every new point, sent through a queue on disk. Changed in place but for the local bucket. */
export interface InfluxReplicationArgs {
  connection: InfluxConnection;
  /** Unique among the organisation's replications. */
  name: pulumi.Input<string>;
  /** `remoteId` of an `InfluxRemote`. */
  remoteId: pulumi.Input<string>;
  /** `bucketId` of the bucket whose new points are sent; older ones aren't. A change replaces the replication. */
  localBucketId: pulumi.Input<string>;
  /** Name of the bucket there. */
  remoteBucketName: pulumi.Input<string>;
  /** Bytes of points that wait on disk for an unreachable remote; beyond them the oldest go. At least 33,554,430. Default: 67,108,860, the server's own. */
  maxQueueBytes?: number;
  /** How long points wait for the remote, in whole seconds. Default: `"7 days"`, the server's own. */
  maxAge?: Duration | "infinite";
  /** Whether points that the remote refuses are dropped instead of tried again for ever. Default: false. */
  dropNonRetryableData?: boolean;
  /** Default: none. */
  description?: pulumi.Input<string>;
}

interface ReplicationProps extends InfluxProps {
  name: string;
  remoteId: string;
  localBucketId: string;
  remoteBucketName: string;
  maxQueueBytes: number;
  maxAge: string;
  dropNonRetryableData?: boolean;
  description?: string;
  replicationId: string;
}

/** A replication as the server tells it: a capital letter and an entry that the generated type lacks. */
type LiveReplication = Replication & { RemoteBucketName?: string; maxAgeSeconds?: number };

const provider = influxProvider<ReplicationProps, ReplicationCreationRequest, LiveReplication>({
  noun: "replication",
  declared: [
    "name",
    "remoteId",
    "localBucketId",
    "remoteBucketName",
    "maxQueueBytes",
    "maxAge",
    "dropNonRetryableData",
    "description",
  ],
  fixed: ["localBucketId"],
  title: (props) => props.name,
  api: (influx) => {
    const replications = new (influxApis().ReplicationsAPI)(influx);
    return {
      list: async ({ orgID }) => (await replications.getReplications({ orgID })).replications ?? [],
      create: (body) => replications.postReplication({ body }),
      get: (replicationID) => replications.getReplicationByID({ replicationID }),
      update: (replicationID, body) => replications.patchReplicationByID({ replicationID, body }),
      remove: (replicationID) => replications.deleteReplicationByID({ replicationID }),
    };
  },
  body: (props, orgID) => ({
    orgID,
    name: props.name,
    remoteID: props.remoteId,
    localBucketID: props.localBucketId,
    remoteBucketName: props.remoteBucketName,
    maxQueueSizeBytes: props.maxQueueBytes,
    maxAgeSeconds: props.maxAge === "infinite" ? 0 : durationSeconds(props.maxAge),
    dropNonRetryableData: props.dropNonRetryableData ?? false,
    description: props.description ?? "",
  }),
  seen: (live) => ({
    name: live.name,
    remoteId: live.remoteID,
    localBucketId: live.localBucketID,
    remoteBucketName: live.RemoteBucketName ?? live.remoteBucketName ?? "",
    maxQueueBytes: live.maxQueueSizeBytes,
    maxAge: durationOfSeconds(live.maxAgeSeconds ?? 0) ?? "infinite",
    dropNonRetryableData: live.dropNonRetryableData,
    description: live.description,
  }),
  outputs: ({ id }) => ({ replicationId: id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: (live, { localBucketID }) => live.localBucketID === localBucketID,
});

/** What is wrong with a replication's arguments, as far as they are known. */
export function replicationFaults(args: InfluxReplicationArgs): Fault[] {
  const faults = [
    ...connectionFaults(args.connection),
    ...textFaults("name", args.name),
    ...idFaults("remoteId", args.remoteId, "`remoteId` of an InfluxRemote"),
    ...idFaults("localBucketId", args.localBucketId, "`bucketId` of an InfluxBucket"),
    ...textFaults("remoteBucketName", args.remoteBucketName),
    ...(args.maxAge === undefined || args.maxAge === "infinite" ? [] : secondsFaults("maxAge", args.maxAge)),
  ];
  const { maxQueueBytes = minQueueBytes } = args;
  if (!Number.isInteger(maxQueueBytes) || maxQueueBytes < minQueueBytes) {
    faults.push({
      propertyPath: "maxQueueBytes",
      reason: `${maxQueueBytes} must be a whole number of at least ${minQueueBytes}`,
    });
  }
  return faults;
}

/**
 * Edge replication of one bucket (`pulumi-nodejs:dynamic/influxdb:Replication`). One of the same name that exists
 * already is adopted where it's of the same bucket, else made anew.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxReplication extends pulumi.dynamic.Resource {
  declare readonly replicationId: pulumi.Output<string>;

  constructor(name: string, args: InfluxReplicationArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB replication ${name}`, replicationFaults(args));
    super(
      provider,
      name,
      {
        maxQueueBytes: 67_108_860,
        maxAge: "7 days",
        dropNonRetryableData: false,
        ...args,
        connection: secretConnection(args.connection),
        replicationId: undefined,
        orgId: undefined,
      },
      opts,
      "influxdb",
      "Replication",
    );
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.replicationId = this.id;
  }
}
