import { type RunningStack } from "./outputs";
import { services } from "./services";

/** Names of the services of a stack that run and aren't a broker or InfluxDB: whatever reads and writes there. */
export async function programsOf(running: RunningStack): Promise<string[]> {
  const servers = new RegExp(`^${running.outputs.prefix}-(kafka\\d+|influxdb)$`);
  return (await services(running))
    .filter(({ name, state }) => state !== "exited" && !servers.test(name))
    .map(({ name }) => name);
}
