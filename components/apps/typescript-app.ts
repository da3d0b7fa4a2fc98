import * as path from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type z } from "zod";
import { type Fault, schemaFaults, throwIfAny, under } from "../faults";
import { type Placement } from "../workload/placement";
import { type MountedVolume, type PublishedPort, Workload, type WorkloadFile } from "../workload/workload";
import { bundle } from "./bundle";

/** Where every app finds its configuration. */
const configPath = "/etc/weather/config.json";

/** What every app of this package is given: where it runs, and what its image is built on. */
export interface AppPlacement {
  placement: Placement;
  /** Image that the app's is built on: a pinned Node. It must be on the engine, so depend on its pull. */
  baseImage: string;
}

/** Entry of one of this package's own apps, in the sources and in the compiled package alike. */
export function appEntry(app: string): string {
  return path.join(__dirname, "..", "..", "apps", app, `main${path.extname(__filename)}`);
}

/** The user of the official Node image. */
const nodeUser = { uid: 1000, gid: 1000 };

/** Arguments of a {@link TypeScriptApp}. */
export interface TypeScriptAppArgs<Schema extends z.ZodType> {
  placement: Placement;
  /** DNS name on the network. Default: the resource's name. */
  hostname?: string;
  /** Image that the app's is built on: a pinned Node. It must be on the engine, so depend on its pull. */
  baseImage: string;
  /** Path of the program's entry, a TypeScript file. What is bundled from it is the image: a change replaces the container. */
  entry: string;
  /** Data that the image carries: constants that the program declares, each with the text that takes its place. Default: none. */
  texts?: Record<string, string>;
  /** The program's own schema of its configuration. */
  schema: Schema;
  /** Checked against the schema, and given to the program as `/etc/weather/config.json`. A change replaces the container. */
  config: z.input<Schema>;
  /** Secrets and certificates, as files. Default: none. */
  files?: WorkloadFile[];
  /** Default: none is published. */
  ports?: PublishedPort[];
  /** Volumes that are mounted; a program may write below `/var/lib/weather`. Default: none. */
  volumes?: MountedVolume[];
  /** Whether it talks to servers outside the environment. Default false. */
  reachesOut?: boolean;
  /** Port at which the program answers `/healthz` and `/metrics`. Default 8080. */
  healthPort?: number;
  /** Whether it answers there by TLS. Default `http`. */
  healthScheme?: "http" | "https";
  /** Memory limit in MiB. Default 256. */
  memoryMiB?: number;
}

/** What can be said against an app's configuration, by the app's own schema. */
export function appFaults<Schema extends z.ZodType>(
  args: Pick<TypeScriptAppArgs<Schema>, "schema" | "config">,
): Fault[] {
  return under("config", schemaFaults(args.schema, args.config));
}

/**
 * A TypeScript program as an image of its own and a container: bundled to one file, tagged with the hash of its content, its
 * configuration typed by the program's own schema.
 *
 * @throws pulumi.InputPropertiesError with every value that doesn't fit the schema.
 */
export class TypeScriptApp<Schema extends z.ZodType> extends pulumi.ComponentResource {
  readonly workload: Workload;
  /** Name of the built image, tag included; known at preview. */
  readonly imageName: string;
  /** Address of the program's /metrics on the network. */
  readonly metricsUrl: string;

  constructor(name: string, args: TypeScriptAppArgs<Schema>, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:TypeScriptApp", name, {}, opts);
    throwIfAny(`TypeScriptApp ${name}`, appFaults(args));
    const { contextFolder, contentHash } = bundle(args.entry, args.baseImage, args.texts);
    const registry = args.placement.kind === "swarm" ? args.placement.registry : undefined;
    this.imageName = `${registry === undefined ? "" : `${registry}/`}weather-${name}:${contentHash}`;
    const healthPort = args.healthPort ?? 8080;
    const healthScheme = args.healthScheme ?? "http";
    this.metricsUrl = `${healthScheme}://${args.hostname ?? name}:${healthPort}/metrics`;
    const image = new docker.Image(
      `${name}-image`,
      {
        imageName: this.imageName,
        build: {
          context: contextFolder,
          platform: "linux/amd64",
          builderVersion: docker.BuilderVersion.BuilderBuildKit,
        },
        skipPush: registry === undefined,
      },
      { parent: this },
    );
    this.workload = new Workload(
      name,
      {
        placement: args.placement,
        hostname: args.hostname ?? name,
        image: registry === undefined ? image.imageName : image.repoDigest,
        // Without a registry the image is on the engine alone that built it.
        ...(registry === undefined && { node: 1 }),
        command: [configPath],
        user: nodeUser,
        environment: { NODE_ENV: "production" },
        files: [
          { path: configPath, content: JSON.stringify(args.schema.parse(args.config), null, 2) },
          ...(args.files ?? []),
        ],
        ports: args.ports,
        volumes: args.volumes,
        reachesOut: args.reachesOut,
        probe: { kind: healthScheme, port: healthPort, path: "/healthz" },
        memoryMiB: args.memoryMiB ?? 256,
      },
      { parent: this },
    );
    this.registerOutputs({ imageName: this.imageName });
  }
}
