import { InfluxDB } from "@influxdata/influxdb-client";
import { BucketsAPI, ChecksAPI } from "@influxdata/influxdb-client-apis";
import { type PipelineOutputs } from "../../components/outputs";

/** One check, whether it's active, and the gravest level among the last statuses of its series: stations, brokers, topics. */
export interface CheckStatus {
  name: string;
  status: string;
  /** Undefined where it has reported nothing yet. */
  level: string | undefined;
}

/** The server as it is now. */
export interface InfluxStatus {
  buckets: string[];
  checks: CheckStatus[];
  /** Points in the bucket that inject writes. */
  points: number;
}

/** Reads buckets, checks and the number of points. @throws Error where the server doesn't answer. */
export async function influxStatus(outputs: PipelineOutputs): Promise<InfluxStatus> {
  const { influxdb } = outputs;
  const client = influxClient(outputs, outputs.influxdbReadToken);
  const queries = client.getQueryApi(influxdb.org);
  const [buckets, checks, levels, points] = await Promise.all([
    new BucketsAPI(client).getBuckets({ org: influxdb.org, limit: 100 }),
    new ChecksAPI(client).getChecks({ org: influxdb.org, limit: 100 } as never),
    queries.collectRows<{ _check_name: string; _level: string }>(
      `from(bucket: "_monitoring") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "statuses" and r._field == "_message")
        |> group(columns: ["_level", "_time", "_value", "_start", "_stop"], mode: "except") |> sort(columns: ["_time"]) |> last() |> group() |> keep(columns: ["_check_name", "_level"])`,
    ),
    pointsIn(client, influxdb.org, influxdb.bucket),
  ]);
  return {
    buckets: (buckets.buckets ?? [])
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("_"))
      .sort(),
    checks: (checks.checks ?? []).map(({ name, status }) => ({
      name,
      status: status ?? "active",
      level: gravest(levels.filter(({ _check_name }) => _check_name === name).map(({ _level }) => _level)),
    })),
    points,
  };
}

/** A client of the pipeline's InfluxDB, as it is reached from the machine: the only place where a command says how it connects. */
export function influxClient(
  { influxdb, trustedCertificates }: Pick<PipelineOutputs, "influxdb" | "trustedCertificates">,
  token: string,
): InfluxDB {
  return new InfluxDB({
    url: influxdb.url,
    token,
    timeout: 10_000,
    ...(trustedCertificates !== undefined && { transportOptions: { ca: trustedCertificates } }),
  });
}

/** Points of the weather in a bucket: each has one temperature. */
export async function pointsIn(client: InfluxDB, org: string, bucket: string): Promise<number> {
  const rows = await client.getQueryApi(org).collectRows<{ _value: number }>(
    `from(bucket: ${JSON.stringify(bucket)}) |> range(start: 0, stop: 2100-01-01T00:00:00Z)
      |> filter(fn: (r) => r._measurement == "weather" and r._field == "temperature") |> count() |> group() |> sum()`,
  );
  return rows[0]?._value ?? 0;
}

/** InfluxDB's levels, gravest first. */
const byGravity = ["crit", "warn", "info", "ok"];

function gravest(found: readonly string[]): string | undefined {
  return byGravity.find((level) => found.includes(level))?.toUpperCase();
}
