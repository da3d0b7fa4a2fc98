import { parseProbe, type Probe, probeLabel } from "../../components/workload/probe";

/** A container as the program declares it: the part of `docker.Container` that the embedded run honours. */
export interface ContainerSpec {
  /** Docker's name. */
  name: string;
  /** Names by which other containers reach it. */
  hostnames: string[];
  image: string;
  command: string[];
  environment: Record<string, string>;
  files: { path: string; content: string }[];
  volumes: { volume: string; path: string }[];
  ports: { container: number; host: number; address: string }[];
  probe: Probe | undefined;
  restart: "no" | "always" | "on-failure" | "unless-stopped";
  /** Seconds between the signal to end and the kill. */
  stopSeconds: number;
}

/* Shape of docker.Container's inputs, as far as it is read here. */
interface DockerContainerInputs {
  name?: string;
  hostname?: string;
  image: string;
  command?: string[];
  envs?: string[];
  uploads?: { file: string; content?: string }[];
  volumes?: { volumeName?: string; hostPath?: string; containerPath: string }[];
  ports?: { internal: number; external?: number; ip?: string }[];
  networksAdvanced?: { aliases?: string[] }[];
  labels?: { label: string; value: string }[];
  restart?: ContainerSpec["restart"];
  stopTimeout?: number;
}

/** Reads a `docker.Container`'s inputs. `resourceName` serves where the program gives no name. */
export function containerSpec(resourceName: string, inputs: Record<string, unknown>): ContainerSpec {
  const docker = inputs as unknown as DockerContainerInputs;
  const name = docker.name ?? resourceName;
  const label = docker.labels?.find(({ label }) => label === probeLabel)?.value;
  return {
    name,
    hostnames: [
      ...new Set([
        docker.hostname ?? name,
        ...(docker.networksAdvanced ?? []).flatMap(({ aliases }) => aliases ?? []),
      ]),
    ],
    image: docker.image,
    command: docker.command ?? [],
    environment: Object.fromEntries(
      (docker.envs ?? []).map((line) => {
        const at = line.indexOf("=");
        return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
      }),
    ),
    files: (docker.uploads ?? []).map((file) => ({ path: file.file, content: file.content ?? "" })),
    // A volume without a name is a folder of the image's that may be written.
    volumes: (docker.volumes ?? []).flatMap(({ volumeName, hostPath, containerPath }) => {
      const volume = volumeName ?? hostPath;
      return volume === undefined ? [] : [{ volume, path: containerPath }];
    }),
    ports: (docker.ports ?? []).flatMap(({ internal, external, ip }) =>
      external === undefined ? [] : [{ container: internal, host: external, address: ip ?? "0.0.0.0" }],
    ),
    probe: label === undefined ? undefined : parseProbe(label),
    restart: docker.restart ?? "no",
    stopSeconds: docker.stopTimeout ?? 10,
  };
}
