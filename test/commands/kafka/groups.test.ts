import {
  type GroupDescription,
  membersRefusal,
  offsetMoves,
  renderGroup,
  renderGroups,
  renderMoves,
  resetTarget,
} from "../../../commands/kafka/groups";

const group: GroupDescription = {
  group: "weather-analysis",
  state: "Stable",
  members: [{ clientId: "consumer", host: "172.18.0.9", assigned: { weather: [0, 1] } }],
  positions: [
    { topic: "weather", partition: 0, committed: 1_200, latest: 1_205, lag: 5 },
    { topic: "weather", partition: 1, committed: null, latest: 3, lag: null },
  ],
};

test.each([
  ["earliest", { kind: "earliest" }],
  ["latest", { kind: "latest" }],
  ["2026-01-31T10:00:00Z", { kind: "time", timeMs: Date.UTC(2026, 0, 31, 10) }],
  ["2026-01-31T10:00:00.250+02:00", { kind: "time", timeMs: Date.UTC(2026, 0, 31, 8, 0, 0, 250) }],
  ["2026-01-31", { kind: "time", timeMs: Date.UTC(2026, 0, 31) }],
])("--to %s is read", (to, target) => {
  expect(resetTarget(to)).toEqual(target);
});

test.each([undefined, "7", "yesterday", "2026-13-01", "2026-01-31T10:00", "1769853600000"])(
  "--to %s is refused, with what may be written",
  (to) => {
    expect(() => resetTarget(to)).toThrow(/^--to must be earliest, latest or a time such as/);
  },
);

test("a plan says for each partition, in order, what is read again and what is left out", () => {
  const moves = offsetMoves(
    new Map([
      [0, 1_500],
      [1, 10],
      [2, 7],
    ]),
    [
      { partition: 3, offset: "4" },
      { partition: 1, offset: "30" },
      { partition: 0, offset: "0" },
      { partition: 2, offset: "7" },
    ],
  );
  expect(renderMoves(moves)).toBe(
    [
      "PARTITION  FROM   TO  MEANS",
      "0          1,500  0   1,500 read again",
      "1          10     30  20 left out",
      "2          7      7   stays",
      "3          -      4   first place",
    ].join("\n"),
  );
});

test.each([
  ["docker", "docker stop weather-dev-consumer"],
  ["swarm", "docker service scale weather-dev-consumer=0"],
  ["embedded", "Stop the service weather-dev-consumer first"],
] as const)("a group with members isn't reset: on %s it says how to stop them", (target, how) => {
  const services = ["weather-dev-producer", "weather-dev-consumer"];
  const refusal = membersRefusal(group, services, target);
  expect(refusal).toContain("consumer at 172.18.0.9, the service weather-dev-consumer\n");
  expect(refusal).toContain(how);
});

test("a program that isn't the stack's is named all the same, and a group that bears a service's name leads to it", () => {
  const members = [{ clientId: "sarama\u001b", host: "10.0.0.1", assigned: {} }];
  expect(membersRefusal({ group: "other", members }, ["weather-dev-consumer"], "docker")).toBe(
    "The group other has members, and only they can move it while they are there:\n  sarama· at 10.0.0.1\nStop them, and try again.",
  );
  const services = ["weather-dev-telegraf-to-influxdb"];
  expect(membersRefusal({ group: "telegraf-to-influxdb", members }, services, "docker")).toContain(
    "docker start weather-dev-telegraf-to-influxdb",
  );
});

test("groups are shown as tables", () => {
  const empty = { group: "weather-dlq-replay", state: "Empty", members: [], positions: [] };
  expect(renderGroups([group, empty])).toBe(
    [
      "GROUP               STATE   MEMBERS  TOPICS   LAG",
      "weather-analysis    Stable  1        weather  5",
      "weather-dlq-replay  Empty   0        -        -",
    ].join("\n"),
  );
  expect(renderGroup(group)).toBe(
    [
      "Group weather-analysis: Stable, 1 member",
      "",
      "TOPIC    PARTITION  COMMITTED  LATEST  LAG  READ BY",
      "weather  0          1,200      1,205   5    consumer at 172.18.0.9",
      "weather  1          -          3       -    consumer at 172.18.0.9",
    ].join("\n"),
  );
});
