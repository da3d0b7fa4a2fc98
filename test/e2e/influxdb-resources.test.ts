import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { consoleLogger, InfluxDB, Point, setLogger } from "@influxdata/influxdb-client";
import {
  AuthorizationsAPI,
  BucketsAPI,
  ChecksAPI,
  NotificationEndpointsAPI,
  NotificationRulesAPI,
  OrgsAPI,
  RemotesAPI,
  ReplicationsAPI,
} from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { InfluxBucket } from "../../components/influxdb/bucket";
import { InfluxDeadmanCheck } from "../../components/influxdb/deadman-check";
import { InfluxHttpEndpoint } from "../../components/influxdb/http-endpoint";
import { InfluxNotificationRule } from "../../components/influxdb/notification-rule";
import { InfluxRemote } from "../../components/influxdb/remote";
import { InfluxReplication } from "../../components/influxdb/replication";
import { InfluxThresholdCheck } from "../../components/influxdb/threshold-check";
import { InfluxToken } from "../../components/influxdb/token";
import { freePort, startInfluxd, type TestInfluxd } from "./influxd";
import { eventually } from "./run";

type Values = Record<string, unknown>;
type Provider = Required<pulumi.dynamic.ResourceProvider<Values, Values>>;

// eslint-disable-next-line @typescript-eslint/no-require-imports
const requireFromString = require("require-from-string") as (text: string) => { handler: () => Provider };

jest.setTimeout(60_000);

let influxd: TestInfluxd;
let influx: InfluxDB;
let orgID: string;
let connection: { url: string; token: string; org: string };
let registered: (inputs: Values) => void;

beforeAll(async () => {
  influxd = await startInfluxd();
  connection = { url: influxd.url, token: influxd.token, org: influxd.org };
  influx = new InfluxDB(connection);
  orgID = (await new OrgsAPI(influx).getOrgs({ org: influxd.org })).orgs?.[0]?.id ?? "";
  await pulumi.runtime.setMocks({
    newResource: ({ inputs, name }) => {
      registered(inputs as Values);
      return { id: name, state: inputs as Values };
    },
    call: () => ({}),
  });
});

afterAll(() => influxd.stop());

/** What Pulumi would hand over for a declaration: the provider's text and the inputs with secrets in plain. */
async function declare(construct: () => pulumi.Resource): Promise<{ text: string; inputs: Values }> {
  const inputs = await new Promise<Values>((resolve) => {
    registered = resolve;
    construct();
  });
  const { __provider, ...rest } = plain(inputs) as Values & { __provider: string };
  return { text: __provider, inputs: rest };
}

/** A provider as the dynamic provider's process has it: made from its text, knowing nothing of earlier runs. */
function evaluated(text: string): Provider {
  return requireFromString(text).handler();
}

const secretMark = "4dabf18193072939515e22adb298388d";

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (secretMark in value) return plain((value as Values)["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** One resource from creation to deletion, each step by a provider of its own, as separate runs of Pulumi have it. */
async function lifeCycle(steps: {
  first: () => pulumi.Resource;
  second: () => pulumi.Resource;
  /** Changes it behind Pulumi's back and says which property shows it. */
  drift: (id: string) => Promise<{ property: string; value: unknown }>;
  live: (id: string) => Promise<unknown>;
  /** What the server holds by the second declaration. */
  expected: Values;
}): Promise<void> {
  const { text, inputs: first } = await declare(steps.first);
  const { inputs: second } = await declare(steps.second);

  const { id, outs = {} } = await evaluated(text).create(first);
  expect(await evaluated(text).diff(id, outs, first)).toEqual({ changes: false, replaces: [] });
  const fresh = await evaluated(text).read(id, outs);
  expect(fresh.id).toBe(id);
  expect(fresh.props).toEqual(outs);
  expect(outs).toMatchObject(fresh.inputs ?? {});

  const { property, value } = await steps.drift(id);
  const { props: drifted = {}, inputs: driftedInputs = {} } = await evaluated(text).read(id, outs);
  expect(drifted).toEqual({ ...outs, [property]: value });
  expect(driftedInputs[property]).toEqual(value);
  expect(await evaluated(text).diff(id, drifted, first)).toEqual({ changes: true, replaces: [] });
  const { outs: repaired = {} } = await evaluated(text).update(id, drifted, first);
  expect(repaired).toEqual(outs);
  expect((await evaluated(text).read(id, repaired)).props).toEqual(outs);

  expect(await evaluated(text).diff(id, repaired, second)).toEqual({ changes: true, replaces: [] });
  const { outs: updated = {} } = await evaluated(text).update(id, repaired, second);
  expect((await evaluated(text).read(id, updated)).props).toEqual(updated);
  expect(await evaluated(text).diff(id, updated, second)).toEqual({ changes: false, replaces: [] });
  expect(await steps.live(id)).toMatchObject(steps.expected);

  // A run that ended before its state was saved: the next creates what is there already.
  const again = await evaluated(text).create(second);
  expect({ ...again.outs }).toEqual(updated);
  expect(again.id).toBe(id);

  await evaluated(text).delete(id, updated);
  await evaluated(text).delete(id, updated);
  expect((await evaluated(text).read(id, updated)).id).toBe("");
}

test("a bucket from creation to deletion", async () => {
  const buckets = new BucketsAPI(influx);
  await lifeCycle({
    first: () =>
      new InfluxBucket("b", { connection, name: "lives", retention: "14 days", description: "for a test" }),
    second: () => new InfluxBucket("b", { connection, name: "renamed", retention: "2 hours" }),
    drift: async (bucketID) => {
      await buckets.patchBucketsID({ bucketID, body: { retentionRules: [{ everySeconds: 0 }] } });
      return { property: "retention", value: "infinite" };
    },
    live: (bucketID) => buckets.getBucketsID({ bucketID }),
    expected: { name: "renamed", retentionRules: [{ everySeconds: 7_200 }] },
  });
});

test("a bucket's other spelling of the same retention is no drift", async () => {
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection, name: "spelling", retention: "168 hours" }),
  );
  const { id, outs = {} } = await evaluated(text).create(inputs);
  expect((await evaluated(text).read(id, outs)).props).toMatchObject({ retention: "168 hours" });
  await evaluated(text).delete(id, outs);
});

test("a change of url and token alone is stored and asks nothing of the server", async () => {
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection, name: "moves", retention: "1 day" }),
  );
  const { id, outs = {} } = await evaluated(text).create(inputs);
  const gone = { ...inputs, description: "to a bucket that isn't there" };
  await expect(evaluated(text).update("0123456789abcdef", outs, gone)).rejects.toThrow(
    "it's gone from the server; `pulumi up --refresh` makes it anew",
  );
  const moved = { ...inputs, connection: { ...connection, url: "http://127.0.0.1:9", token: "other" } };
  expect(await evaluated(text).diff(id, outs, moved)).toEqual({ changes: true, replaces: [] });
  expect((await evaluated(text).update(id, outs, moved)).outs).toEqual({
    ...outs,
    connection: moved.connection,
  });
  await evaluated(text).delete(id, outs);
});

test("a resource that moved to another URN survives the deletion of the old one in the same run", async () => {
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection, name: "urn", retention: "1 day" }),
  );
  const { id, outs = {} } = await evaluated(text).create(inputs);
  const sameRun = evaluated(text);
  expect((await sameRun.create(inputs)).id).toBe(id);
  await sameRun.delete(id, outs);
  expect((await evaluated(text).read(id, outs)).id).toBe(id);
  await evaluated(text).delete(id, outs);
});

test("two declarations of one bucket name in one run: the second is refused", async () => {
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection, name: "twice", retention: "1 day" }),
  );
  const run = evaluated(text);
  const { id, outs = {} } = await run.create(inputs);
  await expect(run.create(inputs)).rejects.toThrow(
    `InfluxDB bucket "twice" at ${influxd.url}: bucket with name twice already exists`,
  );
  await evaluated(text).delete(id, outs);
});

test("a token may do what it says and no more, and comes anew after an interrupted run", async () => {
  const authorizations = new AuthorizationsAPI(influx);
  const bucket = await declare(
    () => new InfluxBucket("b", { connection, name: "guarded", retention: "1 day" }),
  );
  const { outs: bucketOuts = {} } = await evaluated(bucket.text).create(bucket.inputs);
  const bucketId = bucketOuts["bucketId"] as string;

  const { text, inputs } = await declare(
    () =>
      new InfluxToken("t", {
        connection,
        description: "writer",
        permissions: [{ action: "write", bucket: bucketId }],
      }),
  );
  await evaluated(text).create(inputs);
  const { id, outs = {} } = await evaluated(text).create(inputs);
  const named = async () =>
    ((await authorizations.getAuthorizations({ orgID })).authorizations ?? []).filter(
      ({ description }) => description === "writer",
    );
  expect((await named()).map((live) => live.id)).toEqual([id]);
  expect((await evaluated(text).read(id, outs)).props).toEqual(outs);

  const writer = new InfluxDB({ url: influxd.url, token: outs["token"] as string });
  const write = (to: string) => {
    const api = writer.getWriteApi(influxd.org, to, "ms", { maxRetries: 0 });
    api.writePoint(new Point("m").floatField("x", 1));
    return api.close();
  };
  await expect(write("guarded")).resolves.toBeUndefined();
  setLogger({ error: () => undefined, warn: () => undefined });
  await expect(write("first")).rejects.toThrow(/insufficient permissions/);

  setLogger(consoleLogger);

  await authorizations.patchAuthorizationsID({ authID: id, body: { status: "inactive" } });
  const { props: drifted = {} } = await evaluated(text).read(id, outs);
  expect(drifted).toEqual({ ...outs, status: "inactive" });
  expect((await evaluated(text).update(id, drifted, inputs)).outs).toEqual(outs);
  await expect(write("guarded")).resolves.toBeUndefined();

  const wider = { ...inputs, permissions: [{ action: "read", allOf: "checks" }] };
  expect(await evaluated(text).diff(id, outs, wider)).toEqual({ changes: true, replaces: ["permissions"] });
  const successor = await evaluated(text).create(wider);
  await expect(write("guarded")).resolves.toBeUndefined();
  await evaluated(text).delete(id, outs);
  expect((await named()).map((live) => live.id)).toEqual([successor.id]);
  expect((await evaluated(text).read(id, outs)).id).toBe("");
});

const looksAt = { bucket: "first", measurement: "weather", field: "temperature" };

test("a threshold check from creation to deletion", async () => {
  const checks = new ChecksAPI(influx);
  await lifeCycle({
    first: () =>
      new InfluxThresholdCheck("c", {
        ...{ connection, ...looksAt, name: "hot", every: "90 seconds", where: { station: 'quoted "${x}"' } },
        tags: { pipeline: "weather", area: "north" },
        thresholds: [
          { level: "CRIT", above: 35.5 },
          { level: "WARN", within: [30, 35.5] },
          { level: "INFO", outside: [-20, 50] },
        ],
      }),
    second: () =>
      new InfluxThresholdCheck("c", {
        ...{
          connection,
          ...looksAt,
          name: "cold",
          every: "2 minutes",
          offset: "4 seconds",
          aggregate: "min",
        },
        ...{ description: "d", statusMessageTemplate: "only ${r.temperature}" },
        thresholds: [{ level: "CRIT", below: -10 }],
      }),
    drift: async (checkID) => {
      await checks.patchChecksID({ checkID, body: { status: "inactive" } });
      return { property: "status", value: "inactive" };
    },
    live: (checkID) => checks.getChecksID({ checkID }),
    expected: {
      ...{ name: "cold", every: "120s", offset: "4s", status: "active", description: "d", tags: [] },
      query: {
        text: 'from(bucket: "first") |> range(start: -120s) |> filter(fn: (r) => r._measurement == "weather") |> filter(fn: (r) => r._field == "temperature") |> aggregateWindow(every: 120s, fn: min, createEmpty: false)',
      },
      thresholds: [{ type: "lesser", level: "CRIT", value: -10 }],
    },
  });
});

test("thresholds and times changed by hand show in the declared form", async () => {
  const checks = new ChecksAPI(influx);
  const { text, inputs } = await declare(
    () =>
      new InfluxThresholdCheck("c", {
        ...{ connection, ...looksAt, name: "by hand", every: "1 minute" },
        thresholds: [{ level: "CRIT", above: 35 }],
      }),
  );
  const { id, outs = {} } = await evaluated(text).create(inputs);
  const live = (await checks.getChecksID({ checkID: id })) as unknown as Values;
  const range = { type: "range", level: "WARN", min: 1, max: 2, within: false };
  const body = { ...live, every: "1m10s", offset: "0s", thresholds: [range] };
  await checks.putChecksID({ checkID: id, body: body as never });
  const { props = {} } = await evaluated(text).read(id, outs);
  expect(props).toEqual({
    ...outs,
    offset: undefined,
    every: "70 seconds",
    thresholds: [{ level: "WARN", outside: [1, 2] }],
  });
  expect((await evaluated(text).update(id, props, inputs)).outs).toEqual(outs);
  expect((await evaluated(text).read(id, outs)).props).toEqual(outs);
  await evaluated(text).delete(id, outs);
});

test("a deadman check from creation to deletion", async () => {
  const checks = new ChecksAPI(influx);
  const common = { connection, ...looksAt, name: "silent" } as const;
  await lifeCycle({
    first: () =>
      new InfluxDeadmanCheck("d", {
        ...common,
        every: "1 minute",
        timeSince: "90 seconds",
        staleTime: "10 minutes",
      }),
    second: () =>
      new InfluxDeadmanCheck("d", {
        ...{
          ...common,
          every: "1 minute",
          timeSince: "2 minutes",
          staleTime: "1 hour",
          level: "WARN",
          reportZero: true,
        },
      }),
    drift: async (checkID) => {
      const live = (await checks.getChecksID({ checkID })) as unknown as Values;
      await checks.putChecksID({ checkID, body: { ...live, staleTime: "1h" } as never });
      return { property: "staleTime", value: "1 hour" };
    },
    live: (checkID) => checks.getChecksID({ checkID }),
    expected: { timeSince: "120s", staleTime: "3600s", level: "WARN", reportZero: true },
  });
});

test("a deadman check finds the series that fell silent, and reads the newest point of each alone", async () => {
  const checks = new ChecksAPI(influx);
  const looks = { connection, bucket: "first", measurement: "beat", field: "value", name: "beat" };
  const { text, inputs } = await declare(
    () =>
      new InfluxDeadmanCheck("beat", {
        ...{ ...looks, every: "2 seconds", timeSince: "1 minute", staleTime: "1 hour" },
      }),
  );
  const writer = influx.getWriteApi(influxd.org, "first", "ms", { flushInterval: 0 });
  const beat = (station: string, agoSeconds: number) => {
    const time = new Date(Date.now() - agoSeconds * 1_000);
    writer.writePoint(new Point("beat").tag("station", station).floatField("value", 1).timestamp(time));
  };
  for (const agoSeconds of [600, 300, 90]) beat("quiet", agoSeconds);
  for (const agoSeconds of [600, 300, 0]) beat("loud", agoSeconds);
  await writer.close();

  const { id, outs = {} } = await evaluated(text).create(inputs);
  const { flux = "" } = await checks.getChecksIDQuery({ checkID: id });
  expect(flux).toMatch(/range\(start: -3600s\)[^]*\|> last\(\)\n[^]*monitor\["deadman"\]/);
  const statuses = () =>
    influx.getQueryApi(influxd.org).collectRows<{ station: string; _level: string }>(
      `from(bucket: "_monitoring") |> range(start: -1m) |> filter(fn: (r) => r._check_name == "beat" and r._field == "_message")
        |> last() |> group() |> keep(columns: ["station", "_level"]) |> sort(columns: ["station"])`,
    );
  const found = await eventually(statuses, (rows) => rows.length === 2, 20_000);
  expect(found.map(({ station, _level }) => [station, _level])).toEqual([
    ["loud", "ok"],
    ["quiet", "crit"],
  ]);
  await evaluated(text).delete(id, outs);
});

test("an HTTP endpoint from creation to deletion", async () => {
  const endpoints = new NotificationEndpointsAPI(influx);
  const hook = { connection, name: "hook", url: "http://127.0.0.1:9/alerts" };
  await lifeCycle({
    first: () => new InfluxHttpEndpoint("e", { ...hook, token: "opens the door" }),
    second: () =>
      new InfluxHttpEndpoint("e", {
        ...hook,
        token: "another",
        url: "http://127.0.0.1:9/other",
        description: "d",
      }),
    drift: async (endpointID) => {
      const live = (await endpoints.getNotificationEndpointsID({ endpointID })) as unknown as Values;
      await endpoints.putNotificationEndpointsID({
        endpointID,
        body: { ...live, authMethod: "none", token: "" } as never,
      });
      return { property: "authMethod", value: "none" };
    },
    live: (endpointID) => endpoints.getNotificationEndpointsID({ endpointID }),
    expected: {
      url: "http://127.0.0.1:9/other",
      authMethod: "bearer",
      method: "POST",
      description: "d",
      status: "active",
    },
  });
});

test("a notification rule from creation to deletion; doubles beyond the first page go", async () => {
  const rules = new NotificationRulesAPI(influx);
  const endpoint = await declare(
    () =>
      new InfluxHttpEndpoint("e", { connection, name: "of a rule", url: "http://127.0.0.1:9", token: "t" }),
  );
  const { id: endpointId, outs: endpointOuts = {} } = await evaluated(endpoint.text).create(endpoint.inputs);
  const common = { connection, name: "tell", endpointId } as const;
  const first = () => new InfluxNotificationRule("r", { ...common, every: "1 minute" });
  await lifeCycle({
    first,
    second: () =>
      new InfluxNotificationRule("r", {
        ...{ ...common, every: "2 minutes", offset: "5 seconds", description: "d" },
        statusRules: [{ currentLevel: "CRIT", previousLevel: "OK" }, { currentLevel: "WARN" }],
        tagRules: [{ key: "pipeline", value: "weather", operator: "equal" }],
      }),
    drift: async (ruleID) => {
      await rules.patchNotificationRulesID({ ruleID, body: { status: "inactive" } });
      return { property: "status", value: "inactive" };
    },
    live: (ruleID) => rules.getNotificationRulesID({ ruleID }),
    expected: {
      ...{ every: "120s", offset: "5s", description: "d", status: "active" },
      statusRules: [
        { currentLevel: "CRIT", previousLevel: "OK" },
        { currentLevel: "WARN", previousLevel: null },
      ],
      tagRules: [{ key: "pipeline", value: "weather", operator: "equal" }],
    },
  });

  const body = {
    ...{
      type: "http",
      orgID,
      endpointID: endpointId,
      status: "inactive",
      every: "1h",
      offset: "3s",
      tagRules: [],
    },
    statusRules: [{ currentLevel: "CRIT", previousLevel: null }],
  };
  const make = async (name: string) =>
    (await rules.createNotificationRule({ body: { ...body, name } as never })) as unknown as { id: string };
  const others: string[] = [];
  for (let count = 0; count < 101; count++) others.push((await make(`other ${count}`)).id);
  await make("tell");
  await make("tell");
  const { text, inputs } = await declare(first);
  const { id, outs = {} } = await evaluated(text).create(inputs);
  const left: { name: string; id?: string }[] = [];
  for (const offset of [0, 100]) {
    left.push(...((await rules.getNotificationRules({ orgID, limit: 100, offset })).notificationRules ?? []));
  }
  expect(left).toHaveLength(102);
  expect(left.filter(({ name }) => name === "tell").map((rule) => rule.id)).toEqual([id]);
  for (const ruleID of others) await rules.deleteNotificationRulesID({ ruleID });
  await evaluated(text).delete(id, outs);
  await evaluated(endpoint.text).delete(endpointId, endpointOuts);
});

test("a remote and a replication from creation to deletion", async () => {
  const remotes = new RemotesAPI(influx);
  const replications = new ReplicationsAPI(influx);
  const far = { connection, name: "far", url: "http://127.0.0.1:9" };
  await lifeCycle({
    first: () => new InfluxRemote("r", { ...far, token: "there" }),
    second: () =>
      new InfluxRemote("r", { ...far, token: "there2", url: "https://127.0.0.1:9", allowInsecureTls: true }),
    drift: async (remoteID) => {
      await remotes.patchRemoteConnectionByID({ remoteID, body: { remoteURL: "http://127.0.0.1:10" } });
      return { property: "url", value: "http://127.0.0.1:10" };
    },
    live: (remoteID) => remotes.getRemoteConnectionByID({ remoteID }),
    expected: { remoteURL: "https://127.0.0.1:9", allowInsecureTLS: true },
  });

  const remote = await declare(() => new InfluxRemote("r", { ...far, token: "there" }));
  const { id: remoteId, outs: remoteOuts = {} } = await evaluated(remote.text).create(remote.inputs);
  const bucketNamed = async (name: string) =>
    (await new BucketsAPI(influx).postBuckets({ body: { orgID, name, retentionRules: [] } })).id ?? "";
  const localBucketId = await bucketNamed("replicated");
  const common = { connection, name: "edge", remoteId, localBucketId };
  const second = () =>
    new InfluxReplication("r", {
      ...{ ...common, remoteBucketName: "there", maxAge: "infinite", maxQueueBytes: 40_000_000 },
      dropNonRetryableData: true,
    });
  const edge = {
    first: () => new InfluxReplication("r", { ...common, remoteBucketName: "weather" }),
    second,
    drift: async (replicationID: string) => {
      await replications.patchReplicationByID({ replicationID, body: { maxAgeSeconds: 60 } });
      return { property: "maxAge", value: "1 minute" };
    },
    live: (replicationID: string) => replications.getReplicationByID({ replicationID }),
    expected: {
      maxQueueSizeBytes: 40_000_000,
      maxAgeSeconds: 0,
      dropNonRetryableData: true,
      RemoteBucketName: "there",
    },
  };
  await lifeCycle(edge);

  // A leftover of another local bucket can't be adopted, for the API doesn't change that.
  const { text, inputs } = await declare(second);
  const leftover = await evaluated(text).create(inputs);
  const elsewhere = { ...inputs, localBucketId: await bucketNamed("replicated2") };
  expect(await evaluated(text).diff(leftover.id, leftover.outs ?? {}, elsewhere)).toEqual({
    changes: true,
    replaces: ["localBucketId"],
  });
  const { id, outs = {} } = await evaluated(text).create(elsewhere);
  await evaluated(text).delete(leftover.id, leftover.outs ?? {});
  expect((await replications.getReplicationByID({ replicationID: id })).localBucketID).toBe(
    elsewhere.localBucketId,
  );
  await evaluated(text).delete(id, outs);
  await evaluated(remote.text).delete(remoteId, remoteOuts);
});

test("a hot point becomes CRIT and reaches the webhook within 20 seconds", async () => {
  const posts: { authorization: string | undefined; body: Values }[] = [];
  const webhook = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += part.toString()));
    request.on("end", () => {
      posts.push({ authorization: request.headers.authorization, body: JSON.parse(text) as Values });
      response.end();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/alerts`;
    const made: { text: string; id: string; outs: Values }[] = [];
    const create = async (construct: () => pulumi.Resource) => {
      const { text, inputs } = await declare(construct);
      const { id, outs = {} } = await evaluated(text).create(inputs);
      made.unshift({ text, id, outs });
      return id;
    };
    const schedule = { every: "5 seconds", offset: "1 second" } as const;
    await create(
      () =>
        new InfluxThresholdCheck("c", {
          ...{ connection, ...looksAt, ...schedule, name: "too hot" },
          statusMessageTemplate: "${r.station} has ${string(v: r.temperature)}",
          thresholds: [{ level: "CRIT", above: 35 }],
        }),
    );
    const endpointId = await create(
      () => new InfluxHttpEndpoint("e", { connection, name: "alerts", url, token: "bearer" }),
    );
    await create(
      () =>
        new InfluxNotificationRule("r", {
          connection,
          name: "alerts",
          endpointId,
          every: "5 seconds",
          checks: [schedule],
        }),
    );
    const writer = influx.getWriteApi(influxd.org, "first", "ms", { flushInterval: 0 });
    writer.writePoint(new Point("weather").tag("station", "s1").floatField("temperature", 41.5));
    await writer.close();
    const writtenAt = Date.now();
    while (posts.length === 0 && Date.now() - writtenAt < 20_000)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(posts[0]).toMatchObject({
      authorization: "Bearer bearer",
      body: { _level: "crit", _check_name: "too hot", _message: "s1 has 41.5", temperature: 41.5 },
    });
    for (const { text, id, outs } of made) await evaluated(text).delete(id, outs);
  } finally {
    webhook.close();
  }
});

test("a wrong token and a missing organisation are told in one line without the token", async () => {
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection, name: "x", retention: "1 day" }),
  );
  await expect(
    evaluated(text).create({ ...inputs, connection: { ...connection, token: "not-the-token" } }),
  ).rejects.toThrow(/^InfluxDB bucket "x" at http:\/\/127\.0\.0\.1:\d+: unauthorized access$/);
  await expect(
    evaluated(text).create({ ...inputs, connection: { ...connection, org: "nope" } }),
  ).rejects.toThrow(/^InfluxDB bucket "x" at http:\/\/127\.0\.0\.1:\d+: organization name "nope" not found$/);
});

test("a create waits for a server that is still starting; a refresh leaves things as known", async () => {
  const port = await freePort();
  const late = { ...connection, url: `http://127.0.0.1:${port}` };
  const { text, inputs } = await declare(
    () => new InfluxBucket("b", { connection: late, name: "late", retention: "1 day" }),
  );
  const created = evaluated(text).create(inputs);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const target = new URL(influxd.url);
  const proxy = createServer((request, response) => {
    void fetch(new URL(request.url ?? "", target), {
      method: request.method,
      headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
      body: request.method === "POST" || request.method === "PATCH" ? request : undefined,
      duplex: "half",
    } as unknown as RequestInit).then(async (answer) => {
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(port, "127.0.0.1", resolve));
  const { id, outs = {} } = await created;
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));

  expect(await evaluated(text).read(id, outs)).toEqual({ id, props: outs });
  await expect(evaluated(text).delete(id, outs)).rejects.toThrow(/within 5 s .* Check that the server runs/);
  await evaluated(text).delete(id, { ...outs, connection });
});
