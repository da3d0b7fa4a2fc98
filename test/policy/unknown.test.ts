import * as pulumi from "@pulumi/pulumi";
import { evaluate, type PlannedResource } from "../../policy/evaluate";
import { all } from "../../policy/policies";
import {
  broker,
  brokerEnvironment,
  brokerService,
  bucket,
  container,
  influx,
  list,
  resource,
  safeStack,
  token,
  topic,
  unknownValue,
} from "./safe-stack";

type Verdicts = Record<string, "mandatory" | "advisory">;

/** The gravest level of each policy that has something to say. */
function verdicts(resources: PlannedResource[]): Verdicts {
  const found: Verdicts = {};
  for (const { policy, enforcement } of evaluate(resources)) found[policy] ??= enforcement;
  return found;
}

const withoutId = list({ ...brokerEnvironment, CLUSTER_ID: undefined });

test("the sentinel is Pulumi's own", () => {
  expect(unknownValue).toBe(pulumi.runtime.unknownValue);
});

test("an unknown entry makes advisory only what it may be", () => {
  expect(verdicts([broker({}, { envs: [...withoutId, unknownValue] })])).toEqual({
    "kafka-own-cluster-id": "advisory",
    "kafka-unclean-election-off": "advisory",
    "secrets-not-in-plain-text": "advisory",
    "no-default-credentials": "advisory",
  });
});

test("a violation beside an unknown value is refused all the same", () => {
  const envs = [
    unknownValue,
    ...withoutId.filter((entry) => !entry.includes("AUTO_CREATE")),
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE=true",
    "X_PASSWORD=Zq8vN2mX",
  ];
  expect(verdicts([broker({}, { envs })])).toMatchObject({
    "kafka-auto-create-off": "mandatory",
    "secrets-not-in-plain-text": "mandatory",
    "kafka-own-cluster-id": "advisory",
  });
});

test("what isn't among known and unknown entries can't be judged yet", () => {
  const envs = [...withoutId.filter((entry) => !entry.includes("AUTO_CREATE")), unknownValue];
  expect(verdicts([broker({}, { envs })])["kafka-auto-create-off"]).toBe("advisory");
});

test.each<[what: string, subject: PlannedResource, policy: string, level: "mandatory" | "advisory"]>([
  [
    "an unknown replication factor",
    topic({ replicationFactor: unknownValue }),
    "kafka-topic-replication",
    "advisory",
  ],
  [
    "an unknown replication factor with a min ISR that is too low anyway",
    topic({ replicationFactor: unknownValue, config: { "min.insync.replicas": "1" } }),
    "kafka-topic-replication",
    "mandatory",
  ],
  ["an unknown topic name", topic({ name: unknownValue }), "kafka-topic-name", "advisory"],
  ["an unknown topic configuration", topic({ config: unknownValue }), "kafka-topic-retention", "advisory"],
  ["unknown partitions", topic({ partitions: unknownValue }), "kafka-topic-partitions", "advisory"],
  ["an unknown image", container({ image: unknownValue }), "image-pinned", "advisory"],
  ["an unknown limit", container({ memory: unknownValue }), "memory-limit", "advisory"],
  ["an unknown probe", container({ healthcheck: unknownValue }), "health-probe", "advisory"],
  ["an unknown port list", container({ ports: unknownValue }), "network-loopback-only", "advisory"],
  [
    "a port with an unknown address",
    container({ ports: [{ internal: 1, external: 1, ip: unknownValue }] }),
    "network-loopback-only",
    "advisory",
  ],
  [
    "an unknown port number on every address",
    container({ ports: [{ internal: 1, external: unknownValue }] }),
    "network-loopback-only",
    "mandatory",
  ],
  [
    "an unknown mount beside the socket",
    container({ volumes: [unknownValue, { hostPath: "/var/run/docker.sock", containerPath: "/s" }] }),
    "no-docker-socket",
    "mandatory",
  ],
  [
    "an unknown folder of the machine",
    container({ volumes: [{ hostPath: unknownValue, containerPath: "/s" }] }),
    "no-docker-socket",
    "advisory",
  ],
  [
    "an unknown environment of a broker's image",
    broker({}, { envs: unknownValue }),
    "kafka-voters",
    "advisory",
  ],
  [
    "an unknown mount of the log directory",
    broker({}, { volumes: unknownValue }),
    "kafka-log-dir-on-volume",
    "advisory",
  ],
  [
    "an unknown value under a secret's name",
    brokerService({ ADMIN_TOKEN: unknownValue }),
    "secrets-not-in-plain-text",
    "mandatory",
  ],
  [
    "an unknown value of a service's setting",
    brokerService({ KAFKA_MIN_INSYNC_REPLICAS: unknownValue }),
    "kafka-min-isr",
    "advisory",
  ],
  [
    "an unknown upload",
    container({ uploads: [{ file: "/run/secrets/t", content: unknownValue }] }),
    "no-default-credentials",
    "advisory",
  ],
  [
    "an unknown argument after a token's flag",
    container({ command: ["x", "--token", unknownValue] }),
    "secrets-not-in-plain-text",
    "mandatory",
  ],
  ["an unknown retention", bucket({ retention: unknownValue }), "influxdb-bucket-retention", "advisory"],
  ["unknown permissions", token(unknownValue), "influxdb-token-scope", "advisory"],
])("%s", (_what, subject, policy, level) => {
  expect(verdicts([subject])[policy]).toBe(level);
});

test("an unknown volume name and bucket id say enough", () => {
  const volumes = [{ volumeName: unknownValue, containerPath: "/var/lib/kafka/data" }];
  const scoped = token([{ action: "read", bucket: unknownValue }]);
  expect(evaluate([broker({}, { volumes }), scoped])).toEqual([]);
});

test("a notice says what isn't known and when it is judged", () => {
  const [notice] = evaluate([topic({ partitions: unknownValue })]);
  expect(notice).toMatchObject({
    enforcement: "advisory",
    message: "partitions: not known before `pulumi up`, and judged then",
  });
});

describe("with every value in turn unknown, or a secret still wrapped", () => {
  const stack = [...safeStack(), brokerService(), influx("Remote", { remoteUrl: "http://telegraf:8186" })];

  /** Each copy of the props with one value replaced, lists and maps as a whole included. */
  function* replaced(value: unknown, by: (value: unknown) => unknown): Generator {
    if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        for (const copy of replaced(inner, by))
          yield Array.isArray(value)
            ? Object.assign([...(value as unknown[])], { [key]: copy })
            : { ...value, [key]: copy };
      }
    }
    yield by(value);
  }

  function* variants(by: (value: unknown) => unknown): Generator<PlannedResource[]> {
    for (const subject of stack) {
      for (const [key, value] of Object.entries(subject.props)) {
        for (const copy of replaced(value, by)) {
          yield stack.map((other) =>
            other === subject ? { ...subject, props: { ...subject.props, [key]: copy } } : other,
          );
        }
      }
    }
  }

  test("nothing crashes, and nothing but a computed secret is refused for being unknown", () => {
    let count = 0;
    for (const variant of variants(() => unknownValue)) {
      count += 1;
      expect(evaluate(variant).filter(({ enforcement }) => enforcement === "mandatory")).toEqual([]);
    }
    expect(count).toBeGreaterThan(150);
  });

  test("a secret is judged by its value", () => {
    const wrap = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value,
    });
    for (const variant of variants(wrap)) expect(evaluate(variant)).toEqual([]);
  });
});

test("no message holds a value", () => {
  const secret = "Sup3rGeheim";
  const leaky = [
    container({
      envs: [`A_PASSWORD=${secret}`, `URL=http://u:${secret}@h`, secret],
      command: ["x", "--token", secret],
      labels: [{ label: "token", value: secret }],
      uploads: [{ file: `/run/secrets/t`, content: `${secret} mytoken` }],
      image: `${secret.toLowerCase()}:latest`,
      user: `root:${secret}`,
      restart: secret,
      memory: secret,
      ports: [{ internal: secret, external: secret, ip: secret }],
      volumes: [{ hostPath: `/${secret}/docker.sock`, containerPath: secret }],
    }),
    ...Object.keys(brokerEnvironment).flatMap((name) => [
      broker({ [name]: secret }),
      brokerService({ [name]: secret }),
    ]),
    topic({
      name: secret,
      partitions: secret,
      replicationFactor: secret,
      config: { "retention.ms": secret, "min.insync.replicas": secret },
    }),
    bucket({ retention: secret }),
    token([{ action: secret, allOf: secret }]),
    influx("HttpEndpoint", { connection: { url: `http://u:${secret}@h`, token: "mytoken" } }),
    resource("docker:index/secret:Secret", "s", {
      data: Buffer.from(`password=admin ${secret}`).toString("base64"),
    }),
  ];
  const violations = evaluate(leaky, {
    "network-tls": { required: true },
    "image-digest": { required: true },
  });
  expect(new Set(violations.map(({ policy }) => policy)).size).toBeGreaterThan(15);
  expect(JSON.stringify(violations).toLowerCase()).not.toContain(secret.toLowerCase());
});

test("under the SDK's own protocol too, violations come first and the unknown is thrown last", () => {
  const policy = all.find(({ name }) => name === "kafka-topic-replication");
  if (!policy || !("validateResource" in policy))
    throw new Error("kafka-topic-replication is a resource policy");
  const props = { replicationFactor: unknownValue, config: { "unclean.leader.election.enable": "true" } };
  const reported: string[] = [];
  const planned = topic(props);
  const opts = {
    protect: false,
    ignoreChanges: [],
    aliases: [],
    customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
    additionalSecretOutputs: [],
  };
  const judge = () => {
    policy.validateResource({ ...planned, opts, getConfig: () => ({}) }, (message) => reported.push(message));
  };
  expect(judge).toThrow(/^replicationFactor: not known before/);
  expect(reported).toHaveLength(1);
});
