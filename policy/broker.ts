import { type ContainerView, containerView, imageBaseName } from "./container";
import { commaSeparated, type Property, unknown } from "./property";
import { type PolicedResource } from "./verdict";

/** A broker's setting: the variable its image reads, and one of the other prefix that somebody may take for it. */
export interface Setting {
  /** What the image reads. Absent only where no unknown entry could be it. */
  own: Property;
  /** The variable's name, to be written in a message. */
  variable: string;
  /** The variable of the other prefix, where it is there. */
  stray: Property | undefined;
}

/** What a listener is: its name, and the port where one is written. */
export interface Listener {
  name: string;
  port: number | undefined;
}

/** One voter of the controller quorum. */
export interface Voter {
  id: number | undefined;
  port: number | undefined;
}

/** Settings that only a broker or controller has; programs beside it (Kafdrop, kafka-ui, exporters) have KAFKA_ variables too. */
const ofBrokersOnly = [
  "PROCESS_ROLES",
  "NODE_ID",
  "BROKER_ID",
  "CONTROLLER_QUORUM_VOTERS",
  "CONTROLLER_QUORUM_BOOTSTRAP_SERVERS",
  "CONTROLLER_LISTENER_NAMES",
  "LISTENERS",
  "ADVERTISED_LISTENERS",
  "LISTENER_SECURITY_PROTOCOL_MAP",
  "ZOOKEEPER_CONNECT",
];

const brokerImages = new Set(["kafka", "kafka-native", "cp-kafka", "cp-server", "confluent-local"]);

/** A Kafka node in a container or service, as its image will configure it. */
export class BrokerView {
  /** `KAFKA_CFG_` for images of the Bitnami kind, `KAFKA_` for all others. */
  readonly prefix: "KAFKA_" | "KAFKA_CFG_";

  constructor(readonly container: ContainerView) {
    const names = container.environment.variables.map(({ name }) => name);
    this.prefix = ofBrokersOnly.some((setting) => names.includes(`KAFKA_CFG_${setting}`))
      ? "KAFKA_CFG_"
      : "KAFKA_";
    if (names.length === 0 && /bitnami/.test(textOf(container.image))) this.prefix = "KAFKA_CFG_";
  }

  /** A setting by the rest of its variable's name: `MIN_INSYNC_REPLICAS`. */
  setting(name: string): Setting {
    const { environment } = this.container;
    const variable = this.prefix + name;
    const otherVariable = (this.prefix === "KAFKA_" ? "KAFKA_CFG_" : "KAFKA_") + name;
    const stray = environment.variables.find((other) => other.name === otherVariable)?.value;
    return { own: environment.get(variable), variable, stray };
  }

  /** Whether it has the role; a node whose roles aren't said is taken to have both. */
  hasRole(role: "broker" | "controller"): boolean {
    const { text } = this.setting("PROCESS_ROLES").own;
    return typeof text !== "string" || commaSeparated(text).includes(role);
  }

  /** Whether it still is a broker of the ZooKeeper time, which has neither voters nor a cluster id of its own. */
  get usesZooKeeper(): boolean {
    return !this.setting("ZOOKEEPER_CONNECT").own.isAbsent && this.setting("PROCESS_ROLES").own.isAbsent;
  }

  /**
   * Whether the image's own default file applies, beneath or instead of the variables. It is written for one node: its
   * replication factors are 1, where Kafka's own default for internal topics is 3.
   */
  get startsFromSingleNodeDefaults(): boolean {
    const { variables, unnamed } = this.container.environment;
    return (
      this.prefix === "KAFKA_CFG_" ||
      (variables.every(({ name }) => !name.startsWith("KAFKA_")) && unnamed.length === 0)
    );
  }

  /** Names of the listeners that belong to the quorum. */
  get controllerListeners(): string[] {
    const { text } = this.setting("CONTROLLER_LISTENER_NAMES").own;
    return typeof text === "string" ? commaSeparated(text) : ["CONTROLLER"];
  }
}

/** The view of a Kafka node; undefined for anything else. */
export function brokerView(resource: PolicedResource): BrokerView | undefined {
  const container = containerView(resource);
  return container && isBroker(container) ? new BrokerView(container) : undefined;
}

function isBroker({ environment, image, commands }: ContainerView): boolean {
  const isOurs = ({ name }: { name: string }) =>
    ofBrokersOnly.some((setting) => name === `KAFKA_${setting}` || name === `KAFKA_CFG_${setting}`);
  if (environment.variables.some(isOurs)) return true;
  // The image with a command of its own is a tool: the job that creates topics, a Connect worker.
  const [entrypoints, command] = commands;
  const runsItsOwn = (list: Property | undefined) =>
    list === undefined || list.isAbsent || list.items.length === 0;
  if (brokerImages.has(imageBaseName(textOf(image)))) return runsItsOwn(entrypoints) && runsItsOwn(command);
  const nothingIsKnown = environment.variables.length === 0 && environment.unnamed.length > 0;
  return image.isUnknown && nothingIsKnown;
}

function textOf(property: Property): string {
  return typeof property.text === "string" ? property.text : "";
}

/** Reads `INTERNAL://:9092,CONTROLLER://kafka1:9093`. */
export function listenersIn(text: string): Listener[] {
  return commaSeparated(text).map((listener) => {
    const [name = "", address = ""] = listener.split("://");
    return { name: name.toUpperCase(), port: portIn(address) };
  });
}

/** Reads `1@kafka1:9093,2@kafka2:9093`, and bootstrap servers, which have no ids. */
export function votersIn(text: string): Voter[] {
  return commaSeparated(text).map((voter) => {
    const id = /^(\d+)@/.exec(voter)?.[1];
    return { id: id === undefined ? undefined : Number(id), port: portIn(voter) };
  });
}

function portIn(address: string): number | undefined {
  const port = /:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The text of a property where it is known and there. */
export function knownText(property: Property): string | undefined {
  const { text } = property;
  return text === unknown ? undefined : text;
}
