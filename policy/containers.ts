import { knownText } from "./broker";
import { type ContainerView, containerView, imageBaseName, imageParts } from "./container";
import { type Property, unknown, wholeNumber } from "./property";
import { type PolicedResource, resourcePolicy, type ResourcePolicy, textList } from "./verdict";

/** The image a container runs, or one that is pulled for containers. */
function imageOf(resource: PolicedResource): Property | undefined {
  if (resource.type === "docker:index/remoteImage:RemoteImage") return resource.props.get("name");
  return containerView(resource)?.image;
}

export const imagePinned = resourcePolicy({
  name: "image-pinned",
  description: "An image is named with the version it has, so that two deployments run the same.",
  severity: "high",
  remediationSteps: "Name a version, such as apache/kafka:4.3.1, or a digest.",
  subjectOf: imageOf,
  judge(image, verdict) {
    const instead = "a version, such as apache/kafka:4.3.1";
    if (image.isUnknown) {
      verdict.undecided(image);
      return;
    }
    const parts = imageParts(knownText(image) ?? "");
    if (!parts || parts.digest !== undefined) return;
    if (parts.tag === undefined) verdict.refuse(image, "has no tag, which means latest", instead);
    else if (/latest/i.test(parts.tag)) verdict.refuse(image, "has the moving tag latest", instead);
    else if (!/\d/.test(parts.tag))
      verdict.refuse(image, "has a tag without a version, which moves", instead);
  },
});

export const imageDigest = resourcePolicy<Property, { required: boolean }>({
  name: "image-digest",
  description: "Where the environment says so, an image is pinned by its digest: a tag can be pushed again.",
  severity: "medium",
  remediationSteps:
    "Append the digest that docker buildx imagetools inspect shows: apache/kafka:4.3.1@sha256:...",
  configSchema: {
    properties: {
      required: { type: "boolean", default: false, description: "Whether digests are required here." },
    },
  },
  subjectOf: imageOf,
  judge(image, verdict, { required }) {
    if (!required) return;
    if (image.isUnknown) verdict.undecided(image);
    else {
      const parts = imageParts(knownText(image) ?? "");
      if (parts && parts.digest === undefined) verdict.refuse(image, "has no digest", "name:tag@sha256:...");
    }
  },
});

export const memoryLimit = resourcePolicy<ContainerView>({
  name: "memory-limit",
  description: "A container has a memory limit, so that it can't take the machine down with it.",
  severity: "medium",
  remediationSteps: "Set memory (MiB) on a container, taskSpec.resources.limits.memoryBytes on a service.",
  subjectOf: containerView,
  judge({ memory, kind }, verdict) {
    const instead = kind === "container" ? "memory in MiB, such as 1024" : "memoryBytes, such as 1073741824";
    const text = knownText(memory);
    if (memory.isUnknown) verdict.undecided(memory);
    else if (text === undefined)
      verdict.refuse(memory, "is absent: it may take all the memory there is", instead);
    else if (!((wholeNumber(text) ?? 0) > 0)) verdict.refuse(memory, "sets no limit", instead);
  },
});

export const healthProbe = resourcePolicy<ContainerView>({
  name: "health-probe",
  description: "A container that stays up has a health probe; a job (mustRun: false) needs none.",
  severity: "medium",
  remediationSteps:
    'Set healthcheck.tests, such as ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9092"].',
  subjectOf: containerView,
  judge({ probe, isJob }, verdict) {
    if (isJob) return;
    const instead = 'a command that fails when the program is unwell: ["CMD", ...] or ["CMD-SHELL", "..."]';
    const [first] = probe.items;
    if (first === undefined) verdict.refuse(probe, "is absent: nobody notices a program that hangs", instead);
    else if (first.isUnknown) verdict.undecided(first);
    else if (knownText(first) === "NONE") verdict.refuse(probe, "turns the image's probe off", instead);
  },
});

export const restartPolicy = resourcePolicy<ContainerView>({
  name: "restart-policy",
  description: "A container that stays up is started again after a crash; a job (mustRun: false) isn't.",
  severity: "medium",
  remediationSteps:
    'Set restart: "unless-stopped" on a container; leave restartPolicy.condition out, or "any", on a service.',
  subjectOf: containerView,
  judge({ kind, restart, isJob }, verdict) {
    if (isJob) return;
    const text = knownText(restart);
    if (restart.isUnknown) verdict.undecided(restart);
    else if (kind === "service") {
      // Absent means "any" on a Swarm.
      if (text === "none") verdict.refuse(restart, "leaves a crashed task down", 'condition: "any"');
    } else if (text === undefined || text === "" || text === "no") {
      verdict.refuse(
        restart,
        `is ${text === "no" ? "no" : "absent"}: a crashed container stays down`,
        'restart: "unless-stopped"',
      );
    }
  },
});

export const notPrivileged = resourcePolicy<ContainerView>({
  name: "not-privileged",
  description: "A container has no rights over its machine.",
  severity: "critical",
  remediationSteps:
    "Remove privileged, and capabilities ALL and SYS_ADMIN; add the one capability that is needed.",
  subjectOf: containerView,
  judge({ privileged, capabilities }, verdict) {
    if (privileged.isUnknown) verdict.undecided(privileged);
    if (knownText(privileged) === "true")
      verdict.refuse(
        privileged,
        "gives the container every right over its machine",
        "no privileged, or privileged: false",
      );
    for (const capability of capabilities) {
      if (capability.isUnknown) verdict.undecided(capability);
      if (/^(CAP_)?(ALL|SYS_ADMIN)$/i.test(knownText(capability) ?? "")) {
        verdict.refuse(
          capability,
          "amounts to every right over the machine",
          "the one capability that is needed",
        );
      }
    }
  },
});

export const capabilitiesDropped = resourcePolicy<ContainerView>({
  name: "capabilities-dropped",
  description: "A container has none of the capabilities that Docker gives by default.",
  severity: "medium",
  remediationSteps:
    'Set capabilities.drops: ["ALL"] on a container, capDrops: ["ALL"] on a service, and add the one that is needed.',
  subjectOf: containerView,
  judge({ droppedCapabilities, kind }, verdict) {
    const { items } = droppedCapabilities;
    if (items.some((item) => /^(CAP_)?ALL$/i.test(knownText(item) ?? ""))) return;
    const undecided = droppedCapabilities.isUnknown
      ? droppedCapabilities
      : items.find((item) => item.isUnknown);
    if (undecided) verdict.undecided(undecided);
    else
      verdict.refuse(
        droppedCapabilities,
        "leaves capabilities that a program doesn't need",
        kind === "container" ? 'capabilities: { drops: ["ALL"] }' : 'capDrops: ["ALL"]',
      );
  },
});

export const readOnlyRoot = resourcePolicy<ContainerView, { allowed: string[] }>({
  name: "read-only-root",
  description:
    "A program can't change its image's file system; on one engine, where no file is laid in, which Docker refuses then.",
  severity: "low",
  remediationSteps:
    "Set readOnly: true, and mount what the program writes; or list the image under allowed of this policy.",
  configSchema: {
    properties: {
      allowed: textList("Last part of the names of images that aren't known to run on a read-only root."),
    },
  },
  subjectOf: containerView,
  judge({ image, files, readOnlyRoot: readOnly }, verdict, { allowed }) {
    if (files.length > 0 || allowed.includes(imageBaseName(knownText(image) ?? ""))) return;
    if (knownText(readOnly) === "true") return;
    // On a Swarm an image is named by its digest, which only a registry tells: it may be one of those.
    const undecided = [readOnly, image].find((one) => one.isUnknown);
    if (undecided) verdict.undecided(undecided);
    else verdict.refuse(readOnly, "leaves the image's file system writable", "readOnly: true");
  },
});

/** Folders of a machine through which its Docker socket is reached, and the socket itself. */
const leadsToDockerSocket = /^(\/|(\/var)?\/run\/?|.*\/(docker|podman|containerd)\.sock)$/;

export const noDockerSocket = resourcePolicy<ContainerView, { allowed: string[] }>({
  name: "no-docker-socket",
  description:
    "A container doesn't get the Docker socket, which is root on its machine, but where the environment allows it.",
  severity: "critical",
  remediationSteps: "Remove the mount, or list the resource's name under allowed of this policy.",
  configSchema: {
    properties: {
      allowed: textList("Resource names of containers that may have it."),
    },
  },
  subjectOf: containerView,
  judge({ name, mounts }, verdict, { allowed }) {
    if (allowed.includes(name)) return;
    for (const { at, kind, source } of mounts) {
      if (kind !== "bind" && kind !== unknown) continue;
      if (kind === unknown || source.isUnknown) verdict.undecided(at);
      else if (leadsToDockerSocket.test(knownText(source) ?? "")) {
        verdict.refuse(at, "leads to the Docker socket", "no such mount, or the resource's name in allowed");
      }
    }
  },
});

export const notRoot = resourcePolicy<ContainerView, { allowed: string[]; rootByDefault: string[] }>({
  name: "not-root",
  description: "A program doesn't run as root where its image permits another user.",
  severity: "medium",
  remediationSteps: 'Set user by number, such as "1000:1000".',
  configSchema: {
    properties: {
      allowed: textList("Last part of the names of images that must start as root."),
      rootByDefault: textList("Last part of the names of images that run as root unless told otherwise.", [
        "node",
        "python",
        "alpine",
        "debian",
        "ubuntu",
        "busybox",
        "eclipse-temurin",
      ]),
    },
  },
  subjectOf: containerView,
  judge({ image, user }, verdict, { allowed, rootByDefault }) {
    const instead = 'a user by number, such as "1000:1000"';
    const base = imageBaseName(knownText(image) ?? "");
    if (allowed.includes(base)) return;
    const text = knownText(user);
    if (user.isUnknown) verdict.undecided(user);
    else if (text !== undefined && text !== "") {
      if (/^(0+|root)(:|$)/.test(text)) verdict.refuse(user, "is root", instead);
    } else if (rootByDefault.includes(base))
      verdict.refuse(user, "is absent, and the image then runs as root", instead);
  },
});

export const containerPolicies: readonly ResourcePolicy[] = [
  imagePinned,
  imageDigest,
  memoryLimit,
  healthProbe,
  restartPolicy,
  notPrivileged,
  capabilitiesDropped,
  readOnlyRoot,
  noDockerSocket,
  notRoot,
];
