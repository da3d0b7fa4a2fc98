import * as pulumi from "@pulumi/pulumi";
import { InfluxBucket } from "../../../components/influxdb/bucket";
import { InfluxDeadmanCheck } from "../../../components/influxdb/deadman-check";
import { InfluxHttpEndpoint } from "../../../components/influxdb/http-endpoint";
import { InfluxNotificationRule } from "../../../components/influxdb/notification-rule";
import { InfluxRemote } from "../../../components/influxdb/remote";
import { InfluxReplication } from "../../../components/influxdb/replication";
import { InfluxThresholdCheck } from "../../../components/influxdb/threshold-check";
import { InfluxToken } from "../../../components/influxdb/token";

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

const secretMark = "4dabf18193072939515e22adb298388d";
const connection = { url: "http://127.0.0.1:8086", token: "operator", org: "myorg" };
const id = "0123456789abcdef";
const registered: Registered[] = [];

beforeAll(() =>
  pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.push({ type, name, inputs: inputs as Record<string, unknown> });
      const state = { ...(inputs as object), bucketId: id, endpointId: id, checkId: id, token: "told once" };
      return { id, state };
    },
    call: () => ({}),
  }),
);

async function declared(resource: pulumi.CustomResource): Promise<Registered> {
  await new Promise((resolve) => resource.urn.apply(resolve));
  const last = registered.at(-1);
  if (last === undefined) throw new Error("nothing was registered");
  return last;
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && secretMark in value;
}

function bucket(): InfluxBucket {
  return new InfluxBucket("weather", { connection, name: "weather", retention: "7 days", description: "d" });
}

test("a bucket's inputs are literal, its connection is secret", async () => {
  const resource = bucket();
  const { type, name, inputs } = await declared(resource);
  expect(type).toBe("pulumi-nodejs:dynamic/influxdb:Bucket");
  expect(name).toBe("weather");
  expect(inputs).toMatchObject({ name: "weather", retention: "7 days", description: "d" });
  expect(isSecret(inputs["connection"])).toBe(true);
  expect(
    await new Promise((resolve) => pulumi.all([resource.bucketId, resource.bucketName]).apply(resolve)),
  ).toEqual([id, "weather"]);
});

test("a token's text is a secret output and its permissions stay readable", async () => {
  const { bucketId } = bucket();
  const resource = new InfluxToken("writer", {
    connection,
    description: "writes weather",
    permissions: [
      { action: "write", bucket: bucketId },
      { action: "read", allOf: "checks" },
    ],
  });
  const { type, inputs } = await declared(resource);
  expect(type).toBe("pulumi-nodejs:dynamic/influxdb:Token");
  expect(inputs).toMatchObject({
    description: "writes weather",
    status: "active",
    permissions: [
      { action: "write", bucket: id },
      { action: "read", allOf: "checks" },
    ],
  });
  expect(await pulumi.isSecret(resource.token)).toBe(true);
});

test("a threshold check asks for the highest value of one field, a deadman check for the newest of each series", async () => {
  const common = {
    ...{
      connection,
      name: "c",
      bucket: bucket().bucketName,
      measurement: "weather",
      field: "temperature",
    },
    ...{ every: "10 seconds" as const, where: { 'sta"tion': "${north}" } },
  };
  const pipe =
    'from(bucket: "weather") |> range(start: -10s) |> filter(fn: (r) => r._measurement == "weather")' +
    ' |> filter(fn: (r) => r._field == "temperature") |> filter(fn: (r) => r["sta\\"tion"] == "\\${north}")';

  const hot = new InfluxThresholdCheck("hot", { ...common, thresholds: [{ level: "CRIT", above: 35 }] });
  expect(await declared(hot)).toMatchObject({
    type: "pulumi-nodejs:dynamic/influxdb:ThresholdCheck",
    inputs: {
      query: `${pipe} |> aggregateWindow(every: 10s, fn: max, createEmpty: false)`,
      ...{ every: "10 seconds", offset: "1 second", status: "active" },
      thresholds: [{ level: "CRIT", above: 35 }],
    },
  });
  expect(hot.schedule).toEqual({ every: "10 seconds", offset: "1 second" });

  const silent = new InfluxDeadmanCheck("silent", { ...common, timeSince: "1 minute", staleTime: "1 hour" });
  expect(await declared(silent)).toMatchObject({
    type: "pulumi-nodejs:dynamic/influxdb:DeadmanCheck",
    inputs: {
      query: `${pipe} |> last()`,
      timeSince: "1 minute",
      staleTime: "1 hour",
      level: "CRIT",
      reportZero: false,
    },
  });
});

test("an endpoint's and a remote's tokens are secret, a rule holds no checks", async () => {
  const hook = new InfluxHttpEndpoint("hook", {
    connection,
    name: "hook",
    url: "http://consumer/alerts",
    token: "t",
  });
  const endpoint = await declared(hook);
  expect(endpoint.type).toBe("pulumi-nodejs:dynamic/influxdb:HttpEndpoint");
  expect(endpoint.inputs).toMatchObject({
    url: "http://consumer/alerts",
    method: "POST",
    authMethod: "bearer",
  });
  expect(isSecret(endpoint.inputs["token"])).toBe(true);

  const rule = await declared(
    new InfluxNotificationRule("rule", {
      ...{ connection, name: "rule", endpointId: hook.endpointId, every: "10 seconds" },
      checks: [{ every: "10 seconds", offset: "1 second" }],
    }),
  );
  expect(rule.type).toBe("pulumi-nodejs:dynamic/influxdb:NotificationRule");
  expect(rule.inputs).toMatchObject({
    endpointId: id,
    offset: "3 seconds",
    statusRules: [{ currentLevel: "CRIT" }],
  });
  expect(rule.inputs).not.toHaveProperty("checks");

  const remote = await declared(
    new InfluxRemote("far", { connection, name: "far", url: "http://telegraf:8186", token: "t" }),
  );
  expect(remote.type).toBe("pulumi-nodejs:dynamic/influxdb:Remote");
  expect(isSecret(remote.inputs["token"])).toBe(true);

  const edge = { connection, name: "edge", remoteId: id, localBucketId: id, remoteBucketName: "weather" };
  expect(await declared(new InfluxReplication("edge", edge))).toMatchObject({
    type: "pulumi-nodejs:dynamic/influxdb:Replication",
    inputs: { maxAge: "7 days", maxQueueBytes: 67_108_860, dropNonRetryableData: false },
  });
});

test("a resource with several faults throws once and names them all", () => {
  const wrong = {
    connection: { ...connection, url: "influx:8086" },
    name: "_x",
    retention: "5 seconds",
  } as const;
  expect(() => new InfluxBucket("b", wrong)).toThrow(/connection\.url: .*\n.*name: .*\n.*retention: /);
});
