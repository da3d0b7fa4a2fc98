import { type Bucket, type PostBucketRequest } from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Duration, durationForm, durationSeconds, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { influxApis } from "./api";
import { connectionFaults, type InfluxConnection, secretConnection, textFaults } from "./connection";
import { durationOfSeconds } from "./flux";
import { influxProvider, type InfluxProps } from "./resource";

/** Arguments of an {@link InfluxBucket}. */
export interface InfluxBucketArgs {
  connection: InfluxConnection;
  /** Unique in its organisation. Changed in place: the data stays, ids stay valid, queries by the old name fail. */
  name: pulumi.Input<string>;
  /** How long points are kept: `"infinite"` or at least one hour, the server's own minimum. Changed in place. */
  retention: Duration | "infinite";
  /** Changed in place. Default: none. */
  description?: pulumi.Input<string>;
}

interface BucketProps extends InfluxProps {
  name: string;
  retention?: string;
  description?: string;
  bucketId: string;
  bucketName: string;
}

const provider = influxProvider<BucketProps, PostBucketRequest, Bucket>({
  noun: "bucket",
  declared: ["name", "bucketName", "retention", "description"],
  fixed: [],
  title: (props) => props.name,
  api: (influx) => {
    const buckets = new (influxApis().BucketsAPI)(influx);
    return {
      list: async (page) => (await buckets.getBuckets(page)).buckets ?? [],
      create: (body) => buckets.postBuckets({ body }),
      get: (bucketID) => buckets.getBucketsID({ bucketID }),
      update: (bucketID, body) => buckets.patchBucketsID({ bucketID, body }),
      remove: (bucketID) => buckets.deleteBucketsID({ bucketID }),
    };
  },
  body: ({ name, description, retention }, orgID) => {
    const everySeconds = retention === undefined || retention === "infinite" ? 0 : durationSeconds(retention);
    // 0 lets the server choose the shard length anew; without it a retention shorter than the old shard is refused.
    const rule = { type: "expire", everySeconds, shardGroupDurationSeconds: 0 } as const;
    return { orgID, name, description: description ?? "", retentionRules: [rule] };
  },
  seen: ({ name, description, retentionRules }) => ({
    name,
    description,
    retention: durationOfSeconds(retentionRules[0]?.everySeconds ?? 0) ?? "infinite",
  }),
  outputs: ({ id, name }) => ({ bucketId: id, bucketName: name }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: () => true,
});

/** What is wrong with a bucket's arguments, as far as they are known. */
export function bucketFaults(args: InfluxBucketArgs): Fault[] {
  const faults = [...connectionFaults(args.connection), ...textFaults("name", args.name)];
  if (typeof args.name === "string" && /^_|"/.test(args.name)) {
    faults.push({
      propertyPath: "name",
      reason: `${JSON.stringify(args.name)} must not begin with "_" or hold a quote`,
    });
  }
  const retentionMs = args.retention === "infinite" ? Infinity : tryDurationMs(args.retention);
  if (retentionMs === undefined) {
    faults.push({
      propertyPath: "retention",
      reason: `${JSON.stringify(args.retention)} must be "infinite" or ${durationForm}`,
    });
  } else if (retentionMs < 3_600_000) {
    faults.push({
      propertyPath: "retention",
      reason: `${JSON.stringify(args.retention)} must be at least "1 hour"`,
    });
  }
  return faults;
}

/**
 * A bucket of an InfluxDB 2 organisation (`pulumi-nodejs:dynamic/influxdb:Bucket`). One of the same name that exists
 * already is adopted. Deleting it deletes its points: use `protect` or `retainOnDelete` where they matter.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxBucket extends pulumi.dynamic.Resource {
  /** 16 hexadecimal digits, as permissions and replications want it. */
  declare readonly bucketId: pulumi.Output<string>;
  declare readonly bucketName: pulumi.Output<string>;

  constructor(name: string, args: InfluxBucketArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB bucket ${name}`, bucketFaults(args));
    const props = { ...args, connection: secretConnection(args.connection) };
    super(
      provider,
      name,
      { ...props, bucketId: undefined, bucketName: args.name, orgId: undefined },
      opts,
      "influxdb",
      "Bucket",
    );
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.bucketId = this.id;
  }
}
