import { createHash } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { goDuration } from "../duration";
import { nodeLabel, type SwarmPlacement } from "./placement";
import { dockerHealthcheck } from "./probe";
import { type Program, type Realised, temporaryFolder } from "./program";
import { type WorkloadFile } from "./workload";

/** How a change goes: the old task first, for it has the ports and the volume; back to what ran before, should the new one fail. */
const replacement = {
  parallelism: 1,
  delay: "0s",
  monitor: "5s",
  maxFailureRatio: "0.0",
  order: "stop-first",
};

/**
 * Realises a program as a service of a Swarm, with one task.
 *
 * A change of it is made in place and waited for. Files are Swarm configs where the program's source holds their text, and secrets
 * where it's computed; both are immutable, so their names end in a hash of their content, and a new one is made before the old goes.
 *
 * Two things a container has and a service hasn't: `no-new-privileges` is the daemon's own setting on a Swarm's nodes, and a port can't
 * be bound to one address.
 */
export function runAsService(
  name: string,
  placement: SwarmPlacement,
  program: Program,
  parent: pulumi.Resource,
): Realised {
  const files = program.files.map((file) => swarmFile(name, program, file, parent));
  const configs = files.flatMap((file) => (file.kind === "config" ? [file] : []));
  const secrets = files.flatMap((file) => (file.kind === "secret" ? [file] : []));
  const { tests, interval, timeout, startPeriod, retries } = dockerHealthcheck(
    program.liveness,
    "5 seconds",
    "30 seconds",
  );
  const owned = { fileUid: "0", fileGid: "0", fileMode: program.fileMode };
  const taskSpec = {
    containerSpec: {
      image: program.image,
      hostname: program.hostname,
      ...(program.entrypoint && { commands: program.entrypoint }),
      ...(program.command && { args: program.command }),
      env: program.environment,
      ...(program.user && { user: program.user }),
      groups: program.groups,
      capDrops: ["ALL"],
      readOnly: !program.hasWritableRoot,
      mounts: [
        ...program.volumes.map((mounted) => ({
          ...("volume" in mounted
            ? { type: "volume", source: mounted.volume }
            : { type: "bind", source: mounted.hostFolder }),
          target: mounted.path,
        })),
        ...program.scratch.map((folder) => ({ type: "volume", target: folder })),
        {
          type: "tmpfs",
          target: temporaryFolder.path,
          // Without the sticky bit, which the engine tells back as another: the provider would find a difference for ever.
          tmpfsOptions: { sizeBytes: temporaryFolder.maxMiB * 1_048_576, mode: 0o777 },
        },
      ],
      configs: configs.map(({ id, swarmName, path }) => ({
        ...owned,
        configId: id,
        configName: swarmName,
        fileName: path,
      })),
      secrets: secrets.map(({ id, swarmName, path }) => ({
        ...owned,
        secretId: id,
        secretName: swarmName,
        fileName: path,
      })),
      healthcheck: { tests, interval, timeout, startPeriod: short(startPeriod), retries },
      stopGracePeriod: short(goDuration(program.stopGrace)),
    },
    resources: { limits: { memoryBytes: program.memoryMiB * 1_048_576 } },
    restartPolicy: { condition: "any", delay: "1s", window: "0s" },
    ...(program.node !== undefined && {
      placement: { constraints: [`node.labels.${nodeLabel}==${program.node}`] },
    }),
    networksAdvanceds: placement.networks.map((network) => ({ id: network, aliases: [program.hostname] })),
    logDriver: { name: program.log.driver, options: program.log.options },
  };
  const service = new docker.Service(
    `${name}-service`,
    {
      name: program.name,
      labels: program.labels,
      taskSpec,
      mode: { replicated: { replicas: 1 } },
      // The name leads to the task itself. A virtual address would need IPVS, and would change nothing for one task.
      endpointSpec: {
        mode: "dnsrr",
        ports: program.ports.map((port) => ({
          targetPort: port.container,
          publishedPort: port.host,
          publishMode: "host",
          protocol: "tcp",
        })),
      },
      updateConfig: { ...replacement, failureAction: "rollback" },
      rollbackConfig: { ...replacement, failureAction: "pause" },
      convergeConfig: { delay: "1s", timeout: "5m" },
    },
    // A fixed name; and where the registry answers, the Swarm adds the platforms that the image is for.
    { parent, deleteBeforeReplace: true, ignoreChanges: ["taskSpec.placement.platforms"] },
  );
  return {
    incarnation: pulumi
      .all([service.id, pulumi.unsecret(pulumi.output(taskSpec))])
      .apply(([id, spec]) => `${id}-${hashOf(JSON.stringify(spec))}`),
    containerName: service.name,
  };
}

interface SwarmFile {
  kind: "config" | "secret";
  id: pulumi.Output<string>;
  swarmName: pulumi.Output<string>;
  path: string;
}

function swarmFile(name: string, program: Program, file: WorkloadFile, parent: pulumi.Resource): SwarmFile {
  const { content, path } = file;
  const resourceName = `${name}-file${path.replace(/[^a-zA-Z0-9]+/g, "-")}`;
  // A name may have 64 characters. The hash tells no secret: what is secret here is random, and long.
  const readable = `${program.name}-${path.split("/").pop() ?? ""}`.replace(/[^\w.-]/g, "-").slice(0, 51);
  const swarmName = pulumi
    .unsecret(pulumi.output(content))
    .apply((text) => `${readable}-${hashOf(`${program.name}${path}\0${text}`)}`);
  const data = pulumi.output(content).apply((text) => Buffer.from(text).toString("base64"));
  const made =
    typeof content === "string"
      ? new docker.ServiceConfig(resourceName, { name: swarmName, data }, { parent })
      : new docker.Secret(resourceName, { name: swarmName, data: pulumi.secret(data) }, { parent });
  const kind = typeof content === "string" ? "config" : "secret";
  return { kind, id: made.id, swarmName: made.name, path };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** A duration as the provider gives a service's back: `1m0s` as `1m`. */
function short(text: string): string {
  return text.replace(/m0s$/, "m").replace(/h0m$/, "h");
}
