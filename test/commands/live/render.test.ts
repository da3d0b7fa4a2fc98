import { renderFlow, renderMoving, renderStatus } from "../../../commands/live/render";
import { type StackStatus } from "../../../commands/live/status";

const status: StackStatus = {
  target: "embedded",
  stack: "dev",
  pages: [
    { name: "live page", url: "http://127.0.0.1:8080" },
    { name: "kafdrop", url: "http://127.0.0.1:9000" },
  ],
  services: [
    {
      ...{ name: "weather-dev-kafka1", state: "running", healthy: true, restarts: 0, pid: 1 },
      endpoints: ["127.0.0.1:19092"],
    },
    {
      name: "weather-dev-telegraf",
      state: "restarting",
      healthy: false,
      restarts: 12,
      pid: undefined,
      endpoints: [],
    },
    {
      name: "weather-dev-thing",
      state: "exited",
      healthy: undefined,
      restarts: 0,
      pid: undefined,
      endpoints: [],
    },
  ],
  kafka: {
    ...({ brokers: [1, 2, 3], leader: 2 } as const),
    topics: [
      {
        name: "weather",
        partitions: 4,
        replicationFactor: 3,
        minInsyncReplicas: 2,
        underReplicated: 1,
        messages: 1_234_567,
      },
    ],
  },
  influxdb: {
    buckets: ["weather"],
    checks: [
      { name: "too hot", status: "active", level: "crit" },
      { name: "silent", status: "active", level: undefined },
    ],
  },
  flow: { injected: 1_000, published: 999, consumed: null, deadLettered: 0, lag: 3 },
};

test("everything about a stack on one screen", () => {
  expect(renderStatus(status)).toBe(`Stack dev (embedded)

PAGE       ADDRESS
live page  http://127.0.0.1:8080
kafdrop    http://127.0.0.1:9000

SERVICE               STATE       HEALTHY  RESTARTS  PUBLISHED AT
weather-dev-kafka1    running     yes      0         127.0.0.1:19092
weather-dev-telegraf  restarting  no       12
weather-dev-thing     exited      -        0

Kafka: brokers 1, 2, 3; controller 2 leads
TOPIC    PARTITIONS  REPLICAS  MIN ISR  UNDER-REPLICATED  MESSAGES
weather  4           3         2        1                 1,234,567

InfluxDB: buckets weather
CHECK    STATUS  LEVEL
too hot  active  crit
silent   active  -

Flow: 1,000 points injected -> 999 published -> ? consumed; lag 3, dead letters 0`);
});

test("what can't be read says why in its place, and hides nothing else", () => {
  const text = renderStatus({
    ...status,
    kafka: { error: "no broker answers" },
    influxdb: { error: "connection refused" },
  });
  expect(text).toContain("\n\nKafka: no broker answers\n\nInfluxDB: connection refused\n\nFlow: ");
  expect(text).toContain("weather-dev-kafka1");
});

test("figures that aren't known are question marks", () => {
  const flow = { injected: null, published: null, consumed: null, deadLettered: null, lag: null };
  expect(renderFlow({ ...status, flow })).toBe(
    "Flow: ? points injected -> ? published -> ? consumed; lag ?, dead letters ?",
  );
});

test("what moves: services that aren't well, topics and flow", () => {
  expect(renderMoving(status)).toBe(`weather-dev-telegraf is restarting.
weather-dev-thing is exited.
TOPIC    PARTITIONS  REPLICAS  MIN ISR  UNDER-REPLICATED  MESSAGES
weather  4           3         2        1                 1,234,567
Flow: 1,000 points injected -> 999 published -> ? consumed; lag 3, dead letters 0`);
});
