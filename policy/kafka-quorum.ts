import { type BrokerView, brokerView, knownText, listenersIn, votersIn } from "./broker";
import { commaSeparated, wholeNumber } from "./property";
import { resourcePolicy, type ResourcePolicy } from "./verdict";

/** Port of the CONTROLLER listener where nothing says it: the one in Kafka's own examples. */
const usualControllerPort = 9093;

export const kafkaVoters = resourcePolicy<BrokerView, { minimum: number }>({
  name: "kafka-voters",
  description:
    "The controller quorum must have an odd number of voters, at least three, to survive the loss of one.",
  severity: "critical",
  remediationSteps:
    "List three controllers in KAFKA_CONTROLLER_QUORUM_VOTERS of every node: 1@kafka1:9093,2@kafka2:9093,3@kafka3:9093.",
  configSchema: {
    properties: {
      minimum: { type: "integer", minimum: 1, default: 3, description: "Fewest voters allowed." },
    },
  },
  subjectOf: brokerView,
  judge(broker, verdict, { minimum }) {
    const { own, variable } = broker.setting("CONTROLLER_QUORUM_VOTERS");
    const bootstrap = broker.setting("CONTROLLER_QUORUM_BOOTSTRAP_SERVERS").own;
    const listed = own.isAbsent && !bootstrap.isAbsent ? bootstrap : own;
    const instead = `${variable} with ${minimum} or more voters, an odd number: 1@kafka1:9093,2@kafka2:9093,3@kafka3:9093`;
    const text = knownText(listed);
    if (listed.isUnknown) verdict.undecided(listed);
    else if (text === undefined) verdict.refuse(listed, "is absent: the quorum is this node alone", instead);
    else {
      const voters = votersIn(text);
      const count = new Set(voters.map(({ id }, index) => (id === undefined ? `#${index}` : id))).size;
      if (count < voters.length) verdict.refuse(listed, "names a voter id twice", instead);
      if (count < minimum) verdict.refuse(listed, `lists ${count}, fewer than ${minimum}`, instead);
      else if (count % 2 === 0)
        verdict.refuse(
          listed,
          `lists ${count}, an even number, which survives no more losses than ${count - 1}`,
          instead,
        );
    }
  },
});

export const kafkaNodeIdAmongVoters = resourcePolicy<BrokerView>({
  name: "kafka-node-id-among-voters",
  description: "A controller's node id must be one of the voters, or it doesn't start.",
  severity: "high",
  remediationSteps: "Give the node the id under which KAFKA_CONTROLLER_QUORUM_VOTERS lists it.",
  subjectOf: (resource) => {
    const broker = brokerView(resource);
    return broker && broker.hasRole("controller") && !broker.usesZooKeeper ? broker : undefined;
  },
  judge(broker, verdict) {
    const voters = broker.setting("CONTROLLER_QUORUM_VOTERS").own;
    const { own, variable } = broker.setting("NODE_ID");
    const legacy = broker.setting("BROKER_ID").own;
    const node = own.isAbsent && !legacy.isAbsent ? legacy : own;
    if (voters.isAbsent) {
      if (node.isAbsent) verdict.refuse(node, "is absent", `${variable} with a number of this node's own`);
      return;
    }
    const ids = votersIn(knownText(voters) ?? "").flatMap(({ id }) => (id === undefined ? [] : [id]));
    const instead = `${variable} with an id that the voters list${ids.length > 0 ? `: ${ids.join(", ")}` : ""}`;
    const text = knownText(node);
    if (node.isUnknown) verdict.undecided(node);
    else if (text === undefined) verdict.refuse(node, "is absent", instead);
    else if (voters.isUnknown) verdict.undecided(voters);
    else {
      const id = wholeNumber(text);
      if (id === undefined) verdict.refuse(node, "isn't a whole number", instead);
      else if (!ids.includes(id)) verdict.refuse(node, `is ${id}, which is none of the voters`, instead);
    }
  },
});

export const kafkaControllerPrivate = resourcePolicy<BrokerView>({
  name: "kafka-controller-private",
  description: "The CONTROLLER listener is the quorum's alone: never advertised to clients, never published.",
  severity: "high",
  remediationSteps:
    "Take CONTROLLER out of KAFKA_ADVERTISED_LISTENERS, and its port out of the published ports.",
  subjectOf: brokerView,
  judge(broker, verdict) {
    const listenerNames = broker.setting("CONTROLLER_LISTENER_NAMES").own;
    const controllers = broker.controllerListeners.map((name) => name.toUpperCase());
    const advertised = broker.setting("ADVERTISED_LISTENERS").own;
    if (listenerNames.isUnknown) verdict.undecided(listenerNames);
    if (advertised.isUnknown) verdict.undecided(advertised);
    if (listenersIn(knownText(advertised) ?? "").some(({ name }) => controllers.includes(name))) {
      verdict.refuse(
        advertised,
        "advertises the controllers' listener",
        "only the listeners that clients and other brokers use",
      );
    }

    const { ports } = broker.container;
    if (ports.length === 0) return;
    const listeners = broker.setting("LISTENERS").own;
    const own = listenersIn(knownText(listeners) ?? "").filter(({ name }) => controllers.includes(name));
    const voters = votersIn(knownText(broker.setting("CONTROLLER_QUORUM_VOTERS").own) ?? "");
    const said = (own.length > 0 ? own : broker.hasRole("controller") ? voters : []).flatMap(
      ({ port }) => port ?? [],
    );
    const controllerPorts = said.length > 0 || !broker.hasRole("controller") ? said : [usualControllerPort];
    for (const { at, inside } of ports) {
      const port = wholeNumber(knownText(inside) ?? "");
      if (inside.isUnknown || listeners.isUnknown) verdict.undecided(inside.isUnknown ? at : listeners);
      if (port !== undefined && controllerPorts.includes(port)) {
        verdict.refuse(
          at,
          `publishes ${port}, the controllers' port`,
          "only ports of listeners that clients use",
        );
      }
    }
  },
});

/** Names of the security protocols without encryption. */
const clearProtocols = ["PLAINTEXT", "SASL_PLAINTEXT"];

/** Listeners of a node that speak without TLS, by name; `undecided` names what isn't known yet. */
export function clearListeners(broker: BrokerView): { names: string[]; undecided: string[] } {
  const settings = {
    listeners: broker.setting("LISTENERS").own,
    advertised: broker.setting("ADVERTISED_LISTENERS").own,
    protocols: broker.setting("LISTENER_SECURITY_PROTOCOL_MAP").own,
  };
  const protocols = new Map(
    commaSeparated(knownText(settings.protocols) ?? "").map((pair) => {
      const [name = "", protocol = ""] = pair.toUpperCase().split(":");
      return [name, protocol];
    }),
  );
  const names = new Set([
    ...listenersIn(
      settings.listeners.isAbsent ? "PLAINTEXT://:9092" : (knownText(settings.listeners) ?? ""),
    ).map(({ name }) => name),
    ...listenersIn(knownText(settings.advertised) ?? "").map(({ name }) => name),
  ]);
  const isClear = (name: string) => {
    // A name without an entry is a protocol itself; a controller's listener is then plaintext.
    const protocol = protocols.get(name) ?? (broker.controllerListeners.includes(name) ? "PLAINTEXT" : name);
    return clearProtocols.includes(protocol) && !settings.protocols.isUnknown;
  };
  return {
    names: [...names].filter(isClear),
    undecided: Object.values(settings).flatMap((property) => (property.isUnknown ? [property.path] : [])),
  };
}

export const kafkaQuorumPolicies: readonly ResourcePolicy[] = [
  kafkaVoters,
  kafkaNodeIdAmongVoters,
  kafkaControllerPrivate,
];
