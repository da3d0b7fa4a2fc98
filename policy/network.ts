import { type BrokerView, brokerView, knownText } from "./broker";
import { type ContainerView, containerView } from "./container";
import { type Property, wholeNumber } from "./property";
import { clearListeners } from "./kafka-quorum";
import { type PolicedResource, resourcePolicy, type ResourcePolicy, textList } from "./verdict";

function isLoopback(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || address === "::1" || address === "[::1]";
}

export const networkLoopbackOnly = resourcePolicy<
  ContainerView,
  { allowedPorts: number[]; allowedHostNetwork: string[] }
>({
  name: "network-loopback-only",
  description:
    "Ports are published on the machine's own loopback address only, unless the environment lists them.",
  severity: "high",
  remediationSteps:
    'Write ip: "127.0.0.1" at the port, or list its number under allowedPorts of this policy.',
  configSchema: {
    properties: {
      allowedPorts: {
        type: "array",
        items: { type: "integer", minimum: 1, maximum: 65535 },
        default: [],
        description: "Ports of the machine that may be reached from elsewhere.",
      },
      allowedHostNetwork: textList("Resource names of containers that may share the machine's network."),
    },
  },
  subjectOf: containerView,
  judge(container, verdict, { allowedPorts, allowedHostNetwork }) {
    for (const { at, outside, address } of container.ports) {
      const port = wholeNumber(knownText(outside) ?? "");
      if (port !== undefined && allowedPorts.includes(port)) continue;
      if (
        outside.isUnknown &&
        allowedPorts.length > 0 &&
        !(typeof address.text === "string" && isLoopback(address.text))
      ) {
        verdict.undecided(at);
        continue;
      }
      const text = knownText(address);
      const published = port === undefined ? "a port" : `port ${port}`;
      if (container.kind === "service") {
        verdict.refuse(
          at,
          `publishes ${published} on every address of the Swarm's nodes`,
          "no published port, or its number in allowedPorts",
        );
      } else if (address.isUnknown) verdict.undecided(address);
      else if (text === undefined || !isLoopback(text)) {
        const where =
          text === undefined || text === "0.0.0.0" || text === "::"
            ? "every address of the machine"
            : "an address that isn't loopback";
        verdict.refuse(
          at,
          `publishes ${published} on ${where}`,
          'ip: "127.0.0.1", or its number in allowedPorts',
        );
      }
    }
    if (knownText(container.publishAllPorts) === "true") {
      verdict.refuse(
        container.publishAllPorts,
        "publishes every port of the image on every address",
        "the ports that are needed, each with an ip",
      );
    }
    if (container.networkMode.isUnknown) verdict.undecided(container.networkMode);
    if (knownText(container.networkMode) === "host" && !allowedHostNetwork.includes(container.name)) {
      verdict.refuse(
        container.networkMode,
        "shares the machine's network, every port of it",
        "a network of its own, or its resource name in allowedHostNetwork",
      );
    }
  },
});

type Clear =
  | { kind: "broker"; broker: BrokerView }
  | { kind: "kafka provider"; tlsEnabled: Property }
  | { kind: "influxdb server"; container: ContainerView }
  | { kind: "influxdb client"; url: Property };

function tlsSubject(resource: PolicedResource): Clear | undefined {
  const { type, props } = resource;
  if (type === "pulumi:providers:kafka")
    return { kind: "kafka provider", tlsEnabled: props.get("tlsEnabled") };
  if (type.startsWith("pulumi-nodejs:dynamic/influxdb:"))
    return { kind: "influxdb client", url: props.get("connection", "url") };
  if (type === "pulumi:providers:influxdb") return { kind: "influxdb client", url: props.get("url") };
  const broker = brokerView(resource);
  if (broker) return { kind: "broker", broker };
  const container = containerView(resource);
  return container && isInfluxServer(container) ? { kind: "influxdb server", container } : undefined;
}

/** Whether a container is an InfluxDB server that sets itself up. */
export function isInfluxServer({ environment }: ContainerView): boolean {
  return environment.variables.some(({ name }) => name.startsWith("DOCKER_INFLUXDB_INIT_"));
}

export const networkTls = resourcePolicy<Clear, { required: boolean }>({
  name: "network-tls",
  description: "Where the environment says so, Kafka and InfluxDB are spoken to by TLS only.",
  severity: "critical",
  remediationSteps:
    "Map every listener to SSL in KAFKA_LISTENER_SECURITY_PROTOCOL_MAP, leave tlsEnabled on, set INFLUXD_TLS_CERT and INFLUXD_TLS_KEY, and write https:// in urls.",
  configSchema: {
    properties: {
      required: { type: "boolean", default: false, description: "Whether TLS is required here." },
    },
  },
  subjectOf: tlsSubject,
  judge(subject, verdict, { required }) {
    if (!required) return;
    switch (subject.kind) {
      case "broker": {
        const { own, variable } = subject.broker.setting("LISTENER_SECURITY_PROTOCOL_MAP");
        const { names, undecided } = clearListeners(subject.broker);
        for (const path of undecided) verdict.undecided({ path });
        if (names.length > 0) {
          const count = names.length === 1 ? "a listener" : `${names.length} listeners`;
          verdict.refuse(
            own,
            `leaves ${count} without TLS`,
            `${variable} with SSL or SASL_SSL for every listener, CONTROLLER included`,
          );
        }
        return;
      }
      case "kafka provider":
        if (subject.tlsEnabled.isUnknown) verdict.undecided(subject.tlsEnabled);
        else if (knownText(subject.tlsEnabled) === "false")
          verdict.refuse(subject.tlsEnabled, "is off", "tlsEnabled: true");
        return;
      case "influxdb server":
        for (const name of ["INFLUXD_TLS_CERT", "INFLUXD_TLS_KEY"]) {
          const variable = subject.container.environment.get(name);
          if (variable.isUnknown) verdict.undecided(variable);
          else if (variable.isAbsent)
            verdict.refuse(
              variable,
              "is absent: the server speaks http",
              `${name} with the path of a PEM file in the container`,
            );
        }
        return;
      case "influxdb client":
        if (subject.url.isUnknown) verdict.undecided(subject.url);
        else if (/^http:/i.test(knownText(subject.url) ?? ""))
          verdict.refuse(subject.url, "begins with http:", "the server's https:// url");
    }
  },
});

export const networkPolicies: readonly ResourcePolicy[] = [networkLoopbackOnly, networkTls];
