import { boundsBetween } from "../../../commands/chaos/fault";
import { faultKinds, FaultPlan } from "../../../commands/chaos/fault-plan";

const hostnames = [
  "consumer",
  "influxdb",
  "inject",
  "kafka1",
  "kafka2",
  "kafka3",
  "producer",
  "telegraf-to-kafka",
];
const drawn = (seed: number, kinds: string[], count: number) => {
  const plan = new FaultPlan(kinds, hostnames, seed);
  return Array.from({ length: count }, () => plan.next());
};

test.each<[asked: string | undefined, has: string[], kinds: string[]]>([
  [undefined, hostnames, ["kafka", "producer", "consumer", "inject", "influxdb"]],
  [undefined, ["kafka1", "influxdb", "producer", "consumer"], ["kafka", "producer", "consumer", "influxdb"]],
  ["kafka", hostnames, ["kafka"]],
  ["kafka2, telegraf-to-kafka", hostnames, ["kafka2", "telegraf-to-kafka"]],
])("--faults %s", (asked, has, kinds) => {
  expect(faultKinds(asked, has)).toEqual(kinds);
});

test("a kind that the stack doesn't have is named, with those it has", () => {
  expect(() => faultKinds("kafka,inject,moon", ["kafka1", "producer"])).toThrow(
    '--faults: the stack has no "inject", "moon"; choose from kafka, producer, kafka1',
  );
});

test("the kinds come in turn; the seed decides brokers and moments", () => {
  const faults = drawn(1, ["kafka", "producer"], 60);
  expect(faults.filter((_, index) => index % 2 === 1).every(({ victim }) => victim === "producer")).toBe(
    true,
  );
  const brokers = faults.filter((_, index) => index % 2 === 0).map(({ victim }) => victim);
  expect(new Set(brokers)).toEqual(new Set(["kafka1", "kafka2", "kafka3"]));
  for (const { afterMs } of faults) {
    expect(afterMs).toBeGreaterThanOrEqual(1_000);
    expect(afterMs).toBeLessThanOrEqual(4_000);
  }
  expect(drawn(1, ["kafka", "producer"], 60)).toEqual(faults);
  expect(drawn(2, ["kafka", "producer"], 60)).not.toEqual(faults);
});

test("the span of a fault ends halfway between its recovery and the next kill", () => {
  const fault = (killedAtMs: number, recoveredAfterMs: number | undefined) => ({
    ...{ victim: "kafka1", killedAtMs, recoveredAfterMs },
  });
  expect(boundsBetween([])).toEqual([]);
  expect(boundsBetween([fault(1_000, 500)])).toEqual([]);
  expect(boundsBetween([fault(1_000, 1_000), fault(4_000, 2_000), fault(10_000, undefined)])).toEqual([
    3_000, 8_000,
  ]);
});
