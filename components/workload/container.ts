import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { durationSeconds } from "../duration";
import { publishedAddress, type EnginePlacement } from "./placement";
import { dockerHealthcheck } from "./probe";
import { type Program, type Realised, temporaryFolder } from "./program";

/**
 * Realises a program as a container of one engine.
 *
 * Its file system is read-only where no file has to be laid in: the provider copies files in through the root, which Docker refuses
 * once that is read-only.
 */
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
      // Newer engines make it a DNS name on every network: only the alias may lead to the program, and only on the networks it's for.
      hostname: program.name,
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
      volumes: [
        ...program.volumes.map((mounted) => ({
          ...("volume" in mounted ? { volumeName: mounted.volume } : { hostPath: mounted.hostFolder }),
          containerPath: mounted.path,
        })),
        ...program.scratch.map((folder) => ({ containerPath: folder })),
      ],
      readOnly: !program.hasWritableRoot && program.files.length === 0,
      tmpfs: {
        [temporaryFolder.path]: `rw,noexec,nosuid,nodev,size=${temporaryFolder.maxMiB}m,mode=1777`,
      },
      networksAdvanced: [
        ...placement.networks.map((network) => ({ name: network, aliases: [program.hostname] })),
        ...(placement.front !== undefined && (program.ports.length > 0 || program.reachesOut)
          ? [{ name: placement.front }]
          : []),
      ],
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
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
    },
    { parent, deleteBeforeReplace: true },
  );
  return { incarnation: container.id, containerName: container.name };
}
