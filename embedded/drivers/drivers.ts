import { acquireAll } from "../acquire/all";
import { type AcquireProgress } from "../acquire/progress";
import { type Driver } from "./driver";
import { influxdbDriver } from "./influxdb";
import { kafkaDriver } from "./kafka";
import { telegrafDriver } from "./telegraf";

/** Name and tag of an image: `mirror.example:5000/apache/kafka:4.3.1` is `mirror.example:5000/apache/kafka` and `4.3.1`. */
function imageParts(image: string): { name: string; version: string } {
  const match = /^(.*?)(?::([^/:@]+))?(?:@.*)?$/.exec(image);
  return { name: match?.[1] ?? image, version: match?.[2] ?? "latest" };
}

/**
 * Obtains the servers that the images stand for, and returns the driver of each; undefined for an image that the embedded run has
 * none for.
 *
 * @throws UserError where a server can't be obtained on this machine.
 */
export async function driversFor(
  images: readonly string[],
  progress: AcquireProgress,
): Promise<(image: string) => Driver | undefined> {
  const versionOf = (known: string) => {
    const found = images.map(imageParts).find(({ name }) => isImage(name, known));
    return found?.version;
  };
  const servers = await acquireAll(
    { kafka: versionOf("apache/kafka"), influxd: versionOf("influxdb"), telegraf: versionOf("telegraf") },
    progress,
  );
  const drivers: [image: string, driver: Driver | undefined][] = [
    ["apache/kafka", servers.kafka && kafkaDriver(servers.kafka)],
    ["influxdb", servers.influxd === undefined ? undefined : influxdbDriver(servers.influxd)],
    ["telegraf", servers.telegraf === undefined ? undefined : telegrafDriver(servers.telegraf)],
  ];
  return (image) => drivers.find(([known]) => isImage(imageParts(image).name, known))?.[1];
}

/** Whether a name is the official one, or the same below a site's mirror. */
function isImage(name: string, official: string): boolean {
  return name === official || name.endsWith(`/${official}`);
}
