import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/**
 * Every image that the pipeline pulls, pinned: the one place where a version is changed.
 *
 * Kafka, InfluxDB and Telegraf are the versions that the embedded run obtains too.
 */
export const pinnedImages = {
  kafka: "apache/kafka:4.3.1",
  influxdb: "influxdb:2.9.1",
  telegraf: "telegraf:1.37.2",
  node: "node:24-bookworm-slim",
  kafdrop: "obsidiandynamics/kafdrop:4.3.0",
  grafana: "grafana/grafana:12.2.0",
  kafkaUi: "ghcr.io/kafbat/kafka-ui:v1.5.0",
  mongo: "mongo:8.0.26",
} as const;

/** Key of a pinned image. */
export type ImageKey = keyof typeof pinnedImages;

/** Tag of a pinned image: `4.3.1`. */
export function pinnedVersion(key: ImageKey): string {
  return pinnedImages[key].slice(pinnedImages[key].indexOf(":") + 1);
}

/**
 * Full name of a pinned image, below a site's mirror where one is given: `mirror.example/apache/kafka:4.3.1`. The mirror takes the
 * place of a registry that the pinned name itself begins with.
 *
 * @param version another version than the pinned one.
 */
export function imageName(key: ImageKey, registry = "", version = pinnedVersion(key)): string {
  const name = pinnedImages[key].slice(0, pinnedImages[key].indexOf(":"));
  if (registry === "") return `${name}:${version}`;
  // A first part with a dot is a registry's host.
  return `${registry.replace(/\/+$/, "")}/${name.replace(/^[^/]*\.[^/]*\//, "")}:${version}`;
}

/**
 * Pulls the pinned images that a stack uses, each once, and keeps them on the engine when the stack is destroyed.
 *
 * The name of a pulled image is known at preview, so that policies can judge it; a digest is once the image has been pulled.
 */
export class PulledImages extends pulumi.ComponentResource {
  private readonly pulled = new Map<ImageKey, docker.RemoteImage>();

  constructor(
    name: string,
    private readonly registry?: string,
    private readonly byDigest = false,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("weather:workload:PulledImages", name, {}, opts);
    this.registerOutputs({});
  }

  /**
   * What containers of the image name: its name and tag; by digest where that's asked for and a registry has told one, so that every
   * node of a Swarm runs the same.
   */
  name(key: ImageKey, version?: string): pulumi.Output<string> {
    const { name, repoDigest } = this.pull(key, version);
    return this.byDigest
      ? pulumi.all([name, repoDigest]).apply(([tagged, digest]) => digest || tagged)
      : name;
  }

  /** The image, once it is on the engine; `version` as the first who pulls it says. */
  pull(key: ImageKey, version?: string): docker.RemoteImage {
    const known = this.pulled.get(key);
    if (known) return known;
    const image = new docker.RemoteImage(
      `${key}-image`,
      { name: imageName(key, this.registry, version), keepLocally: true },
      { parent: this },
    );
    this.pulled.set(key, image);
    return image;
  }
}
