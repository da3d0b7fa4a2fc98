import { bucketFaults, type InfluxBucketArgs } from "../../../components/influxdb/bucket";
import { deadmanCheckFaults, type InfluxDeadmanCheckArgs } from "../../../components/influxdb/deadman-check";
import { httpEndpointFaults } from "../../../components/influxdb/http-endpoint";
import {
  type InfluxNotificationRuleArgs,
  notificationRuleFaults,
} from "../../../components/influxdb/notification-rule";
import { remoteFaults } from "../../../components/influxdb/remote";
import { type InfluxReplicationArgs, replicationFaults } from "../../../components/influxdb/replication";
import {
  type InfluxThresholdCheckArgs,
  thresholdCheckFaults,
} from "../../../components/influxdb/threshold-check";
import { type InfluxTokenArgs, tokenFaults } from "../../../components/influxdb/token";
import { type Fault } from "../../../components/faults";

const connection = { url: "http://127.0.0.1:8086", token: "operator", org: "myorg" };
const id = "0123456789abcdef";

const paths = (faults: Fault[]) => faults.map(({ propertyPath }) => propertyPath);

const bucket: InfluxBucketArgs = { connection, name: "weather", retention: "7 days" };

test.each<[Partial<Record<keyof InfluxBucketArgs, unknown>>, string[]]>([
  [{}, []],
  [{ retention: "infinite" }, []],
  [{ retention: "1 hour" }, []],
  [{ retention: "59 minutes" }, ["retention"]],
  [{ retention: "7d" }, ["retention"]],
  [{ name: "" }, ["name"]],
  [{ name: "_monitoring" }, ["name"]],
  [{ name: 'we"ather' }, ["name"]],
  [
    { connection: { url: "ftp://x", token: "", org: "" } },
    ["connection.url", "connection.token", "connection.org"],
  ],
])("bucket with %j", (change, expected) => {
  expect(paths(bucketFaults({ ...bucket, ...change } as InfluxBucketArgs))).toEqual(expected);
});

test.each<[InfluxTokenArgs["permissions"], string[]]>([
  [[{ action: "read", bucket: id }], []],
  [[{ action: "read", allOf: "buckets" }], []],
  [[], ["permissions"]],
  [
    [
      { action: "read", bucket: id },
      { action: "write", bucket: "weather" },
    ],
    ["permissions[1].bucket"],
  ],
])("token with permissions %j", (permissions, expected) => {
  expect(paths(tokenFaults({ connection, description: "d", permissions }))).toEqual(expected);
});

const check = { connection, name: "c", bucket: "weather", measurement: "weather", field: "temperature" };
const hot: InfluxThresholdCheckArgs = {
  ...check,
  every: "10 seconds",
  thresholds: [{ level: "CRIT", above: 35 }],
};

test.each<[Partial<Record<keyof InfluxThresholdCheckArgs, unknown>>, string[]]>([
  [{}, []],
  [
    {
      thresholds: [
        { level: "CRIT", outside: [-10, 35] },
        { level: "WARN", below: 0 },
      ],
    },
    [],
  ],
  [{ thresholds: [] }, ["thresholds"]],
  [
    {
      thresholds: [
        { level: "CRIT", above: 1 },
        { level: "CRIT", below: 0 },
      ],
    },
    ["thresholds[1].level"],
  ],
  [{ thresholds: [{ level: "CRIT", above: NaN }] }, ["thresholds[0].above"]],
  [{ thresholds: [{ level: "CRIT", within: [35, 35] }] }, ["thresholds[0].within"]],
  [{ every: "10s" }, ["every"]],
  [{ every: "1500 milliseconds" }, ["every"]],
  [{ offset: "500 milliseconds" }, ["offset"]],
  [{ field: "", measurement: "", bucket: "" }, ["bucket", "measurement", "field"]],
])("threshold check with %j", (change, expected) => {
  expect(paths(thresholdCheckFaults({ ...hot, ...change } as InfluxThresholdCheckArgs))).toEqual(expected);
});

const silent: InfluxDeadmanCheckArgs = {
  ...check,
  every: "10 seconds",
  timeSince: "1 minute",
  staleTime: "1 hour",
};

test.each<[Partial<InfluxDeadmanCheckArgs>, string[]]>([
  [{}, []],
  [{ staleTime: "61 seconds" }, []],
  [{ staleTime: "60 seconds" }, ["staleTime"]],
  [{ timeSince: "1500 milliseconds" }, ["timeSince"]],
])("deadman check with %j", (change, expected) => {
  expect(paths(deadmanCheckFaults({ ...silent, ...change }))).toEqual(expected);
});

const rule: InfluxNotificationRuleArgs = { connection, name: "r", endpointId: id, every: "10 seconds" };

test.each<[Partial<InfluxNotificationRuleArgs>, string[]]>([
  [{}, []],
  [{ checks: [{ every: "10 seconds", offset: "2 seconds" }] }, []],
  [{ checks: [{ every: "11 seconds", offset: "2 seconds" }] }, ["every"]],
  [{ checks: [{ every: "5 seconds", offset: "3 seconds" }] }, ["offset"]],
  [{ offset: "1 second", checks: [{ every: "1 minute", offset: "1 second" }] }, ["every", "offset"]],
  [{ statusRules: [] }, ["statusRules"]],
  [{ endpointId: "hook" }, ["endpointId"]],
])("notification rule with %j", (change, expected) => {
  expect(paths(notificationRuleFaults({ ...rule, ...change }))).toEqual(expected);
});

test("an endpoint and a remote want an address and a token", () => {
  expect(paths(httpEndpointFaults({ connection, name: "", url: "consumer:8080", token: "" }))).toEqual([
    "name",
    "url",
    "token",
  ]);
  expect(
    paths(httpEndpointFaults({ connection, name: "hook", url: "https://consumer/alerts", token: "t" })),
  ).toEqual([]);
  const remote = { connection, name: "far", url: "http://telegraf:8186", token: "t" };
  expect(paths(remoteFaults(remote))).toEqual([]);
  expect(paths(remoteFaults({ ...remote, token: "", remoteOrgId: "myorg" }))).toEqual([
    "token",
    "remoteOrgId",
  ]);
});

const edge: InfluxReplicationArgs = {
  connection,
  name: "edge",
  remoteId: id,
  localBucketId: id,
  remoteBucketName: "weather",
};

test.each<[Partial<InfluxReplicationArgs>, string[]]>([
  [{}, []],
  [{ maxAge: "infinite", maxQueueBytes: 33_554_430 }, []],
  [{ maxQueueBytes: 33_554_429 }, ["maxQueueBytes"]],
  [{ maxAge: "10 milliseconds" }, ["maxAge"]],
  [{ remoteId: "far", localBucketId: "weather" }, ["remoteId", "localBucketId"]],
])("replication with %j", (change, expected) => {
  expect(paths(replicationFaults({ ...edge, ...change }))).toEqual(expected);
});
