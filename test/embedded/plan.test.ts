import { execFile } from "node:child_process";
import * as path from "node:path";
import { containerSpec, type ContainerSpec } from "../../embedded/containers/spec";
import { type Registration } from "../../embedded/program";
import { stackNames } from "../../embedded/stack-config";

const projectRoot = path.resolve(__dirname, "../..");
const tsx = require.resolve("tsx/cli");
const limitMs = 60_000;

/** The plan of a stack by a process of its own: its containers, or what's said against it. */
function planned(stack: string, overrides: Record<string, unknown> = {}) {
  const words = [path.join(__dirname, "programs/plan.ts"), projectRoot, stack, JSON.stringify(overrides)];
  return new Promise<{ containers: ContainerSpec[]; message: string | undefined }>((resolve, reject) => {
    const options = { timeout: limitMs, maxBuffer: 64 * 1024 * 1024, cwd: projectRoot };
    execFile(process.execPath, [tsx, ...words], options, (error, stdout, stderr) => {
      if (error) {
        reject(new Error(`${error.message}\n${stderr}`));
        return;
      }
      const result = JSON.parse(stdout.trim().split("\n").pop() ?? "") as {
        registrations?: Registration[];
        message?: string;
      };
      const containers = (result.registrations ?? []).filter(
        ({ type }) => type === "docker:index/container:Container",
      );
      resolve({
        containers: containers.map(({ name, inputs }) => containerSpec(name, inputs)),
        message: result.message,
      });
    });
  });
}

test.each(stackNames(projectRoot))(
  "the stack %s can be planned without Docker or a network, and its plan says all that must be known first",
  async (stack) => {
    // As the embedded run does: it has one machine.
    const { containers } = await planned(stack, { placement: { kind: "engine" } });
    const names = containers.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([`weather-${stack}-kafka1`, `weather-${stack}-influxdb`]));
    for (const { image, hostnames, probe } of containers) {
      expect(image).toMatch(/^[\w./:-]+:[\w.-]+$/);
      expect(hostnames.length).toBeGreaterThan(0);
      expect(probe).toBeDefined();
    }
  },
  limitMs,
);

test(
  "an override reaches the plan, and one that's wrong is refused with its path",
  async () => {
    const { containers, message } = await planned("dev", { "kafka.brokers": 2 });
    expect(message).toMatch(/kafka\.brokers: must be from 3 to 5/);
    expect(containers).toEqual([]);
  },
  limitMs,
);
