import * as fs from "node:fs";
import * as path from "node:path";
import { DeployedStack, reasonAgainstDeploying, type StackConfig } from "./deployed-stack";
import { freePorts } from "./run";

const reason = reasonAgainstDeploying("the preview of a deployed stack");

(reason === undefined ? describe : describe.skip)("a deployed stack", () => {
  const stack = new DeployedStack("mini", async () => {
    ports = await freePorts(3);
    return config(4);
  });
  let ports: number[] = [];

  /** One broker, as the environment `mini` allows it. */
  function config(partitions: number, allowDataLoss: string[] = []): StackConfig {
    const [firstHostPort, influxdb, consumer] = ports;
    return {
      "weather:allowDataLoss": allowDataLoss,
      "weather:kafka": { brokers: 1, firstHostPort, heapMiB: 256, partitions },
      "weather:influxdb": { hostPort: influxdb },
      "weather:consumer": { hostPort: consumer },
      ...Object.fromEntries(
        ["inject", "telegraf", "kafdrop", "grafana"].map((part) => [`weather:${part}`, { enabled: false }]),
      ),
    };
  }

  beforeAll(() => stack.up(), 300_000);

  afterAll(async () => {
    stack.configure(config(4));
    await stack.down();
  }, 180_000);

  test("without a change the preview says so", async () => {
    const { code, output } = await stack.command("preview");
    expect(output).toContain(`## Preview of \`${stack.name}\`: ✅ no changes`);
    expect(code).toBe(0);
  }, 120_000);

  test("partitions from 4 to 3 are refused at preview, by npm script and by hand, and nothing changed", async () => {
    stack.configure(config(3));
    const summary = path.join(stack.root, "summary.md");
    const refused = await stack.command("preview", "--markdown", summary);
    expect(refused.code).toBe(1);
    const text = fs.readFileSync(summary, "utf8");
    expect(text).toContain(`## Preview of \`${stack.name}\`: ❌ refused`);
    expect(text).toContain("- `weather-topic`: partitions would go from 4 to 3");
    expect(text).toContain("- `weather-topic` (kafka Topic): `partitions` `4` → `3`");

    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const byHand = await stack.pulumi(...command, "--config-file", stack.configFile);
      expect(byHand.code).not.toBe(0);
      expect(byHand.output).toContain("weather-topic: partitions would go from 4 to 3");
    }

    stack.configure(config(4));
    const after = await stack.command("preview");
    expect(after.output).toContain("✅ no changes");
  }, 240_000);

  test("it passes where the topics are named in allowDataLoss", async () => {
    const topics = ["weather", "weather-telegraf", "weather-retry", "weather-dlq", "weather-alerts"];
    stack.configure(
      config(
        3,
        topics.map((name) => `${name}-topic`),
      ),
    );
    const { code, output } = await stack.command("preview");
    expect(output).toContain("⚠️ Data is lost, as `allowDataLoss` says");
    expect(code).toBe(0);
  }, 120_000);
});
