import { Property, type Unknown, unknown } from "./property";
import { type PolicedResource } from "./verdict";

/** The environment variables of a container, found by name. */
export class Environment {
  constructor(
    /** Path of the list or map that holds them. */
    readonly path: string,
    /** Those whose name is known; of a name given twice the last counts, as in a shell. */
    readonly variables: readonly { name: string; value: Property }[],
    /** Entries of which not even the name is known. */
    readonly unnamed: readonly Property[],
  ) {}

  /** The variable: absent only where no unknown entry could be it. */
  get(name: string): Property {
    const found = this.variables.filter((variable) => variable.name === name).pop();
    const path = `${this.path}.${name}`;
    if (found) return found.value;
    const [entry] = this.unnamed;
    return entry ? entry.with(path, unknown) : Property.absent(path);
  }
}

/** A port of a container that is reached from outside its network. */
export interface PublishedPort {
  at: Property;
  inside: Property;
  outside: Property;
  /** Address it is bound to; absent means every address of the machine. */
  address: Property;
}

/** Something mounted into a container. */
export interface Mount {
  at: Property;
  kind: "volume" | "bind" | "tmpfs" | "container" | Unknown;
  /** Volume or folder; absent for an anonymous volume. */
  source: Property;
  target: Property;
}

/** A file laid into a container. */
export interface LaidFile {
  /** Path in the container. */
  file: Property;
  content: Property;
  encoding: "text" | "base64";
}

/** `docker.Container` and `docker.Service` as one shape. */
export interface ContainerView {
  kind: "container" | "service";
  /** Pulumi's name of the resource. */
  name: string;
  image: Property;
  environment: Environment;
  /** Argument lists: entry point, command, health probe. */
  commands: Property[];
  labels: { name: Property; value: Property }[];
  ports: PublishedPort[];
  publishAllPorts: Property;
  networkMode: Property;
  mounts: Mount[];
  files: LaidFile[];
  /** Limit in MiB for a container, in bytes for a service. */
  memory: Property;
  probe: Property;
  restart: Property;
  user: Property;
  privileged: Property;
  /** Capabilities added to the image's. */
  capabilities: Property[];
  /** Capabilities taken away. */
  droppedCapabilities: Property;
  readOnlyRoot: Property;
  /** A job that ends by itself, which is neither probed nor started again. */
  isJob: boolean;
}

/** The view of a container or service; undefined for anything else. */
export function containerView({ type, name, props }: PolicedResource): ContainerView | undefined {
  if (type === "docker:index/container:Container") return containerOf(name, props);
  if (type === "docker:index/service:Service") return serviceOf(name, props);
  return undefined;
}

function containerOf(name: string, props: Property): ContainerView {
  return {
    kind: "container",
    name,
    image: props.get("image"),
    environment: environmentOfList(props.get("envs")),
    commands: [props.get("entrypoints"), props.get("command"), props.get("healthcheck", "tests")],
    labels: labelsOf(props.get("labels")),
    ports: props.get("ports").items.map((at) => ({
      at,
      inside: at.get("internal"),
      outside: at.get("external"),
      address: at.get("ip"),
    })),
    publishAllPorts: props.get("publishAllPorts"),
    networkMode: props.get("networkMode"),
    mounts: [...props.get("volumes").items.map(mountOfVolume), ...props.get("mounts").items.map(mountOf)],
    files: props.get("uploads").items.map((at) => {
      const text = at.get("content");
      return text.isAbsent
        ? { file: at.get("file"), content: at.get("contentBase64"), encoding: "base64" }
        : { file: at.get("file"), content: text, encoding: "text" };
    }),
    memory: props.get("memory"),
    probe: props.get("healthcheck", "tests"),
    restart: props.get("restart"),
    user: props.get("user"),
    privileged: props.get("privileged"),
    capabilities: props.get("capabilities", "adds").items,
    droppedCapabilities: props.get("capabilities", "drops"),
    readOnlyRoot: props.get("readOnly"),
    isJob: props.get("mustRun").text === "false",
  };
}

function serviceOf(name: string, props: Property): ContainerView {
  const task = props.get("taskSpec");
  const container = task.get("containerSpec");
  return {
    kind: "service",
    name,
    image: container.get("image"),
    environment: environmentOfMap(container.get("env")),
    commands: [container.get("commands"), container.get("args"), container.get("healthcheck", "tests")],
    labels: [...labelsOf(props.get("labels")), ...labelsOf(container.get("labels"))],
    ports: props.get("endpointSpec", "ports").items.map((at) => ({
      at,
      inside: at.get("targetPort"),
      outside: at.get("publishedPort"),
      // A Swarm publishes on every address of its nodes, in ingress and host mode alike.
      address: Property.absent(`${at.path}.publishedPort`),
    })),
    publishAllPorts: Property.absent("publishAllPorts"),
    networkMode: Property.absent("networkMode"),
    mounts: container.get("mounts").items.map(mountOf),
    files: [],
    memory: task.get("resources", "limits", "memoryBytes"),
    probe: container.get("healthcheck", "tests"),
    restart: task.get("restartPolicy", "condition"),
    user: container.get("user"),
    privileged: Property.absent("privileged"),
    capabilities: container.get("capAdds").items,
    droppedCapabilities: container.get("capDrops"),
    readOnlyRoot: container.get("readOnly"),
    isJob: false,
  };
}

function environmentOfList(list: Property): Environment {
  const variables: { name: string; value: Property }[] = [];
  const unnamed: Property[] = [];
  for (const item of list.items) {
    const { text } = item;
    if (text === unknown) unnamed.push(item);
    // An entry without "=" sets nothing.
    else if (text?.includes("=")) {
      const name = text.slice(0, text.indexOf("="));
      variables.push({ name, value: item.with(`${list.path}.${name}`, text.slice(name.length + 1)) });
    }
  }
  return new Environment(list.path, variables, unnamed);
}

function environmentOfMap(map: Property): Environment {
  const variables = map.entries.map(([name, value]) => ({ name, value }));
  return new Environment(map.path, variables, map.isUnknown ? [map] : []);
}

function labelsOf(labels: Property): ContainerView["labels"] {
  return labels.items.map((label) => ({ name: label.get("label"), value: label.get("value") }));
}

function mountOfVolume(at: Property): Mount {
  const folder = at.get("hostPath");
  const target = at.get("containerPath");
  if (!folder.isAbsent && !at.isUnknown) return { at, kind: "bind", source: folder, target };
  if (!at.get("fromContainer").isAbsent && !at.isUnknown) {
    return { at, kind: "container", source: at.get("fromContainer"), target };
  }
  return { at, kind: at.isUnknown ? unknown : "volume", source: at.get("volumeName"), target };
}

function mountOf(at: Property): Mount {
  const kind = at.get("type").text;
  return {
    at,
    kind: kind === unknown || kind === "bind" || kind === "tmpfs" ? kind : "volume",
    source: at.get("source"),
    target: at.get("target"),
  };
}

/** The parts of an image's name; undefined where it is an id, which pins by itself. */
export function imageParts(image: string): { repository: string; tag?: string; digest?: string } | undefined {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(image)) return undefined;
  const [named = "", digest] = image.split("@");
  const colon = named.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  const hasTag = colon > named.lastIndexOf("/");
  return {
    repository: hasTag ? named.slice(0, colon) : named,
    ...(hasTag && { tag: named.slice(colon + 1) }),
    ...(digest !== undefined && { digest }),
  };
}

/** Last part of an image's repository: `kafka` of `mirror.example:5000/apache/kafka:4.3.1`. */
export function imageBaseName(image: string): string {
  return imageParts(image)?.repository.split("/").pop() ?? "";
}
