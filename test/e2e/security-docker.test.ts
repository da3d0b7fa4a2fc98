import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { DeployedStack, reasonAgainstDeploying, type StackConfig } from "./deployed-stack";
import { finished, freeBrokerPort, freePorts, projectRoot } from "./run";
import { describeSecurity } from "./security";

const reason = reasonAgainstDeploying("staging under the real engine");

/** As staging is laid down, but with ports of its own, little memory, and without the images that may be nowhere on this machine. */
async function config(): Promise<StackConfig> {
  const file = path.join(projectRoot, "Pulumi.staging.yaml");
  const { config: laidDown } = parse(fs.readFileSync(file, "utf8")) as { config: Record<string, object> };
  const [influxdb, consumer] = await freePorts(2);
  return {
    ...laidDown,
    "weather:kafka": {
      ...laidDown["weather:kafka"],
      firstHostPort: await freeBrokerPort(),
      heapMiB: 256,
    },
    "weather:influxdb": { ...laidDown["weather:influxdb"], hostPort: influxdb },
    "weather:consumer": { hostPort: consumer },
    "weather:kafdrop": { enabled: false },
    "weather:grafana": { enabled: false },
  };
}

(reason === undefined ? describe : describe.skip)("staging under the real engine", () => {
  const stack = new DeployedStack("staging", config);
  const docker = async (...args: string[]) => (await finished("docker", args)).output;
  const containers = async () => (await stack.status()).services.map(({ name }) => name);

  describeSecurity({
    stack,
    // The Docker provider copies files in as root's; a program reads them by root's group.
    fileMode: 0o440,
    fileModes: async () => {
      const modes = await Promise.all(
        (await containers()).map((name) =>
          docker(
            "exec",
            name,
            "sh",
            "-c",
            "find /run/secrets -name '*.pem' -exec stat -c %a {} + 2>/dev/null",
          ),
        ),
      );
      return modes.flatMap((lines) => lines.split("\n").flatMap((line) => (line ? [parseInt(line, 8)] : [])));
    },
    visible: async () => {
      const names = await containers();
      return [
        ...(await Promise.all(names.map((name) => docker("inspect", name)))),
        ...(await Promise.all(names.map((name) => docker("logs", name)))),
        (await finished("ps", ["-eww", "-o", "args"])).output,
        fs.readFileSync(stack.stateFile, "utf8"),
      ];
    },
  });
});
