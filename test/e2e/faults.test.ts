import * as fs from "node:fs";
import * as path from "node:path";
import { type ChaosReport } from "../../commands/chaos/report";
import { type RolledBroker } from "../../commands/live/roll";
import { type StackStatus } from "../../commands/live/status";
import { electPreferredLeaders } from "../../components/kafka/elect-leaders";
import { askNode } from "../../components/kafka/node-view";
import { coldStartMs, EmbeddedStack } from "./stack";

jest.setTimeout(300_000);

/** The long version: 20 kills of one broker at a time under 2,000 messages/s. */
const long = process.env["WEATHER_LONG"] === "1";

const stack = new EmbeddedStack(["telegraf.enabled=false"]);

const status = () => stack.status();
/** What a command printed as JSON, its progress left aside. */
const jsonOf = (output: string) => output.slice(output.search(/^[[{]/m));
const pidOf = ({ services }: StackStatus, name: string) =>
  services.find((service) => service.name === `weather-dev-${name}`)?.pid;

beforeAll(() => stack.up(), coldStartMs);

afterAll(() => stack.down(), 180_000);

test("a broker that must not go now isn't restarted, and the roll says why", async () => {
  const before = await status();
  await stack.act("kafka3", "stop");
  const refused = await stack.command("roll", "--only", "kafka1");
  expect(refused.code).toBe(1);
  expect(refused.output).toContain("kafka1 can't be restarted now:\n");
  expect(refused.output).toMatch(/knows 2 of 3 brokers|doesn't answer/);
  expect(refused.output).toMatch(/would have 1 replicas in sync and needs 2/);
  expect(refused.output).toContain("No broker was restarted.");
  const unknown = await stack.command("roll", "--only", "kafka9");
  expect(unknown.output).toContain("There is no broker kafka9: the brokers are kafka1, kafka2, kafka3.");
  expect(pidOf(await status(), "kafka1")).toBe(pidOf(before, "kafka1"));
});

test("heal starts what is down, and touches nothing else", async () => {
  await stack.act("producer", "stop");
  const before = await status();
  const { code, output } = await stack.command("heal");
  expect(output).toContain("weather-dev-kafka3 is down: starting it");
  expect(output).toContain("weather-dev-producer is down: starting it");
  expect(output).toMatch(/Brought back: .*\. Every service is healthy and every replica in sync\./);
  expect(code).toBe(0);
  const after = await status();
  for (const { name, pid } of before.services) {
    const now = after.services.find((service) => service.name === name);
    expect(now).toMatchObject({ state: "running", healthy: true });
    if (pid !== undefined) expect(now?.pid).toBe(pid);
  }
  const again = await stack.command("heal");
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining("Nothing was broken") });
});

test("a roll restarts the broker, and the preferred leaders lead again", async () => {
  const before = await status();
  const { code, output } = await stack.command("roll", "--only", "kafka2", "--json");
  expect(output).toContain("every replica in sync after");
  expect(code).toBe(0);
  const rolled = JSON.parse(jsonOf(output)) as RolledBroker[];
  expect(rolled.map(({ broker }) => broker)).toEqual(["kafka2"]);
  const after = await status();
  expect(pidOf(after, "kafka2")).not.toBe(pidOf(before, "kafka2"));
  expect(pidOf(after, "kafka1")).toBe(pidOf(before, "kafka1"));
  const [address = ""] = stack.outputs.kafka.bootstrapServers;
  const { partitions } = await askNode(address, 5_000);
  expect(partitions.length).toBeGreaterThan(0);
  for (const { leader, replicas, isr } of partitions) {
    expect(leader).toBe(replicas[0]);
    expect([...isr].sort()).toEqual([1, 2, 3]);
  }
  expect(await electPreferredLeaders(address, 5_000)).toEqual([]);
});

test(
  "under kills nothing that was acknowledged is lost, and all is well and tidy after",
  async () => {
    const asked = long
      ? ["--kills", "20", "--faults", "kafka", "--rate", "2000"]
      : ["--kills", "2", "--faults", "kafka,producer", "--rate", "500", "--points", "50"];
    const { code, output } = await stack.command("chaos", ...asked, "--json");
    const report = JSON.parse(jsonOf(output)) as ChaosReport;
    expect(report.faults).toHaveLength(long ? 20 : 2);
    expect(report.faults[0]?.fault).toMatch(/^kill -9 kafka[123]$/);
    for (const { recoveredAfterMs } of report.faults) expect(recoveredAfterMs).toBeGreaterThan(0);
    expect(report.kafka).toMatchObject({ lost: 0, duplicated: 0 });
    expect(report.kafka.acknowledged).toBeGreaterThan(500);
    expect(report.points.lost).toBe(0);
    expect(report.points.acknowledged).toBeGreaterThan(50);
    expect(code).toBe(0);

    const { services, kafka } = await status();
    for (const service of services) expect(service).toMatchObject({ state: "running" });
    if ("error" in kafka) throw new Error(kafka.error);
    const left = kafka.topics.map(({ name }) => name).filter((name) => name.startsWith("weather-chaos"));
    expect(left).toEqual([]);
  },
  long ? 30 * 60_000 : 120_000,
);

test("chaos refuses production and what the stack doesn't have", async () => {
  const refused = await stack.command("chaos", "--stack", "prod");
  expect(refused).toMatchObject({ code: 1, output: expect.stringContaining("The stack prod is production") });
  const unknown = await stack.command("chaos", "--faults", "moon");
  expect(unknown.output).toContain('--faults: the stack has no "moon"; choose from kafka');
  expect(fs.existsSync(path.join(stack.state, "prod"))).toBe(false);
});
