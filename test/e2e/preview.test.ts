import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { missingForDocker } from "../../commands/target";
import { type Finished, freePorts, projectRoot } from "./run";

const stack = `preview-${process.pid}`;
const missing = missingForDocker();
if (missing.length > 0)
  console.warn(`The preview of a deployed stack isn't tested here: ${missing.join(" and ")} not found.`);

/** A copy of the project with a stack of its own, so that nothing of the user's is touched. */
const copy = fs.mkdtempSync(path.join(os.tmpdir(), "weather-preview-"));

function configure(
  partitions: number,
  [kafka, influxdb, consumer]: number[],
  allowDataLoss: string[] = [],
): void {
  const config = {
    "weather:allowDataLoss": allowDataLoss,
    "weather:kafka": { brokers: 1, firstHostPort: kafka, heapMiB: 256, partitions },
    "weather:influxdb": { hostPort: influxdb },
    "weather:consumer": { hostPort: consumer },
    "weather:inject": { enabled: false },
    "weather:telegraf": { enabled: false },
    "weather:kafdrop": { enabled: false },
    "weather:grafana": { enabled: false },
  };
  fs.writeFileSync(path.join(copy, `Pulumi.${stack}.yaml`), stringify({ config }));
}

function finished(command: string, args: string[]): Promise<Finished> {
  const state = path.join(copy, ".weather");
  const child = spawn(command, args, {
    cwd: copy,
    env: {
      ...process.env,
      WEATHER_STATE: state,
      PULUMI_BACKEND_URL: `file://${path.join(state, "pulumi")}`,
      PULUMI_CONFIG_PASSPHRASE: "of this test alone",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) =>
    child.once("close", (code) => {
      resolve({ code: code ?? 1, output });
    }),
  );
}

const script = (command: string, ...args: string[]) =>
  finished(process.execPath, [path.join("commands", "run.mjs"), command, "--stack", stack, ...args]);

/** By hand, as somebody would who doesn't know of the npm scripts. */
const pulumi = (...args: string[]) =>
  finished("pulumi", [
    ...args,
    "--non-interactive",
    "--stack",
    stack,
    "--config-file",
    path.join(copy, ".weather", "pulumi-config", `Pulumi.${stack}.yaml`),
  ]);

(missing.length > 0 ? describe.skip : describe)("a deployed stack", () => {
  let ports: number[] = [];

  beforeAll(async () => {
    for (const name of fs.readdirSync(projectRoot)) {
      if ([".git", ".weather", "dist", "node_modules", "test"].includes(name)) continue;
      fs.cpSync(path.join(projectRoot, name), path.join(copy, name), { recursive: true });
    }
    fs.symlinkSync(path.join(projectRoot, "node_modules"), path.join(copy, "node_modules"));
    // What one broker may do is laid down for the environment `mini`.
    const environments = path.join(copy, "policy", "environments");
    fs.copyFileSync(path.join(environments, "mini.json"), path.join(environments, `${stack}.json`));
    fs.mkdirSync(path.join(copy, ".weather", "pulumi"), { recursive: true });
    ports = await freePorts(3);
    configure(4, ports);
    const { code, output } = await script("up", "--target", "docker", "--detach");
    if (code !== 0) throw new Error(`npm run up failed:\n${output}`);
  }, 300_000);

  afterAll(async () => {
    configure(4, ports);
    await script("down", "--volumes");
    fs.rmSync(copy, { recursive: true, force: true });
  }, 180_000);

  test("without a change the preview says so", async () => {
    const { code, output } = await script("preview");
    expect(output).toContain(`## Preview of \`${stack}\`: ✅ no changes`);
    expect(code).toBe(0);
  }, 120_000);

  test("partitions from 4 to 3 are refused at preview, by npm script and by hand, and nothing changed", async () => {
    configure(3, ports);
    const summary = path.join(copy, "summary.md");
    const refused = await script("preview", "--markdown", summary);
    expect(refused.code).toBe(1);
    const text = fs.readFileSync(summary, "utf8");
    expect(text).toContain(`## Preview of \`${stack}\`: ❌ refused`);
    expect(text).toContain("- `weather-topic`: partitions would go from 4 to 3");
    expect(text).toContain("- `weather-topic` (kafka Topic): `partitions` `4` → `3`");

    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const byHand = await pulumi(...command);
      expect(byHand.code).not.toBe(0);
      expect(byHand.output).toContain("weather-topic: partitions would go from 4 to 3");
    }

    configure(4, ports);
    const after = await script("preview");
    expect(after.output).toContain("✅ no changes");
  }, 240_000);

  test("it passes where the topics are named in allowDataLoss", async () => {
    const topics = ["weather", "weather-telegraf", "weather-retry", "weather-dlq", "weather-alerts"];
    configure(
      3,
      ports,
      topics.map((name) => `${name}-topic`),
    );
    const { code, output } = await script("preview");
    expect(output).toContain("⚠️ Data is lost, as `allowDataLoss` says");
    expect(code).toBe(0);
  }, 120_000);
});
