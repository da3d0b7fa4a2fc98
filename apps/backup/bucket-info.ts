/** A bucket's shards as InfluxDB keeps them: times in RFC 3339, lengths in nanoseconds. */
export interface BucketInfo {
  readonly name: string;
  readonly retentionPolicy: string;
  readonly durationNs: bigint;
  readonly shardGroupDurationNs: bigint;
  readonly shardGroups: readonly { id: number; start: string; end: string; shards: readonly number[] }[];
}

/** `DatabaseInfo` of influxdb's v1/services/meta/internal/meta.proto, which `POST /api/v2/restore/buckets/:id` takes. */
export function encodeBucketInfo(bucket: BucketInfo): Buffer {
  const groups = bucket.shardGroups.map(({ id, start, end, shards }) =>
    bytes(
      5,
      Buffer.concat([
        varint(1, BigInt(id)),
        varint(2, nanoseconds(start)),
        varint(3, nanoseconds(end)),
        varint(4, 0n),
        ...shards.map((shard) => bytes(5, varint(1, BigInt(shard)))),
      ]),
    ),
  );
  const policy = Buffer.concat([
    bytes(1, Buffer.from(bucket.retentionPolicy)),
    varint(2, bucket.durationNs),
    varint(3, bucket.shardGroupDurationNs),
    varint(4, 1n),
    ...groups,
  ]);
  return Buffer.concat([
    bytes(1, Buffer.from(bucket.name)),
    bytes(2, Buffer.from(bucket.retentionPolicy)),
    bytes(3, policy),
  ]);
}

/** Shard groups begin and end at whole seconds. */
function nanoseconds(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n;
}

function bytes(field: number, content: Buffer): Buffer {
  return Buffer.concat([digits(BigInt((field << 3) | 2)), digits(BigInt(content.length)), content]);
}

function varint(field: number, value: bigint): Buffer {
  return Buffer.concat([digits(BigInt(field << 3)), digits(BigInt.asUintN(64, value))]);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function digits(value: bigint): Buffer {
  const out: number[] = [];
  let left = value;
  for (; left > 127n; left >>= 7n) out.push(Number(left & 127n) | 128);
  out.push(Number(left));
  return Buffer.from(out);
}
