import { type AcquireProgress } from "../acquire/progress";
import { acquireKafka } from "../acquire/kafka";
import { acquireInfluxd } from "../acquire/influxd";
import { acquireTelegraf } from "../acquire/telegraf";
import { type Driver } from "./driver";
import { influxdbDriver } from "./influxdb";
import { kafkaDriver } from "./kafka";
import { telegrafDriver } from "./telegraf";

/** Name and version of an image, a registry before the name left out: `mirror.example/apache/kafka:4.3.1` is apache/kafka, 4.3.1. */
export function imageParts(image: string): { name: string; version: string } {
  const match = /^(?:.*\/)?((?:apache\/)?[^/:@]+)(?::([^@]+))?/.exec(image);
  return { name: match?.[1] ?? image, version: match?.[2] ?? "latest" };
}

const servers: Record<string, (version: string, progress: AcquireProgress) => Promise<Driver>> = {
  "apache/kafka": async (version, progress) => kafkaDriver(await acquireKafka(version, progress)),
  influxdb: async (version, progress) => influxdbDriver(await acquireInfluxd(version, progress)),
  telegraf: async (version, progress) => telegrafDriver(await acquireTelegraf(version, progress)),
};

/** Obtains what the images stand for, and returns the driver of each; undefined for an image that the embedded run has none for. */
export async function driversFor(
  images: readonly string[],
  progress: AcquireProgress,
): Promise<(image: string) => Driver | undefined> {
  const drivers = new Map<string, Driver>();
  await Promise.all(
    images.map(async (image) => {
      const { name, version } = imageParts(image);
      const acquire = servers[name];
      if (acquire) drivers.set(image, await acquire(version, progress));
    }),
  );
  return (image) => drivers.get(image);
}
