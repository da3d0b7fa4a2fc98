import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { durationSeconds } from "../duration";
import { publishedAddress, type EnginePlacement } from "./placement";
import { dockerHealthcheck } from "./probe";
import { type Program, type Realised } from "./program";

/** Realises a program as a container of one engine. */
export function runAsContainer(
  name: string,
  placement: EnginePlacement,
  program: Program,
  parent: pulumi.Resource,
): Realised {
  const graceSeconds = durationSeconds(program.stopGrace);
  const container = new docker.Container(
    `${name}-container`,
    {
      name: program.name,
      hostname: program.hostname,
      image: program.image,
      ...(program.command && { command: program.command }),
      ...(program.entrypoint && { entrypoints: program.entrypoint }),
      envs: Object.entries(program.environment).map(([key, value]) => pulumi.interpolate`${key}=${value}`),
      uploads: program.files.map((file) => ({
        file: file.path,
        content: file.content,
        permissions: `0${program.fileMode.toString(8)}`,
      })),
      ports: program.ports.map((port) => ({
        internal: port.container,
        external: port.host,
        ip: publishedAddress(placement),
        protocol: "tcp",
      })),
      volumes: program.volumes.map((mounted) => ({
        ...("volume" in mounted ? { volumeName: mounted.volume } : { hostPath: mounted.hostFolder }),
        containerPath: mounted.path,
      })),
      networksAdvanced: [{ name: placement.network, aliases: [program.hostname] }],
      networkMode: "bridge",
      labels: program.labels,
      healthcheck: dockerHealthcheck(program.probe),
      ...(program.user && { user: program.user }),
      groupAdds: program.groups,
      memory: program.memoryMiB,
      memorySwap: program.memoryMiB,
      restart: "unless-stopped",
      logDriver: program.log.driver,
      logOpts: program.log.options,
      stopTimeout: graceSeconds,
      destroyGraceSeconds: graceSeconds,
      securityOpts: ["no-new-privileges:true"],
    },
    { parent, deleteBeforeReplace: true },
  );
  return { incarnation: container.id, containerName: container.name };
}
