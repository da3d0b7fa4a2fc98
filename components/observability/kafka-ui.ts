import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type CertificateAuthority } from "../certificates/authority";
import { type KafkaCluster } from "../kafka/cluster";
import { type Placement, publishedAddress } from "../workload/placement";
import { Workload } from "../workload/workload";

/** Port of the pages inside the network. */
const kafkaUiPort = 8080;

const configFile = "/run/secrets/kafka-ui/config.yml";

/** Arguments of {@link KafkaUi}. A change replaces the container, but for `memoryMiB`. */
export interface KafkaUiArgs {
  placement: Placement;
  /** Full name of Kafka UI's image, tag included. */
  image: pulumi.Input<string>;
  /** The cluster that is shown. */
  cluster: KafkaCluster;
  /** Signs the pages' certificate. Default: plain http. */
  authority?: CertificateAuthority;
  /** Port on the machine. Default 8090. */
  hostPort?: number;
  /** Memory limit in MiB. Default 512. */
  memoryMiB?: number;
}

/**
 * Kafbat's Kafka UI: brokers, topics, messages and groups in the browser, behind a login, to look at only.
 *
 * The cluster is read-only to it, its settings can't be changed from the browser, its actuator shows nothing but its health, and it
 * asks nobody on the internet for news. The password is random and stands in the one file that holds all its settings.
 */
export class KafkaUi extends pulumi.ComponentResource {
  /** Address of the pages. */
  readonly url: string;
  /** Of the user `admin`: a secret. */
  declare readonly password: pulumi.Output<string>;

  constructor(name: string, args: KafkaUiArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:observability:KafkaUi", name, {}, opts);
    const hostPort = args.hostPort ?? 8090;
    const address = publishedAddress(args.placement);
    const { brokers, tls, certificate } = args.cluster.access.clientFor(name);
    const page = args.authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name, "localhost", address] })
      .files("/run/secrets/tls");
    const identityFile = "/run/secrets/kafka/identity.pem";
    const password = new random.RandomPassword(
      `${name}-password`,
      { length: 32, special: false },
      { parent: this },
    );
    const settings = {
      server: {
        port: kafkaUiPort,
        ...(page && {
          ssl: { certificate: page.paths.certFile, "certificate-private-key": page.paths.keyFile },
        }),
      },
      auth: { type: "LOGIN_FORM" },
      spring: { security: { user: { name: "admin", password: password.result } } },
      kafka: {
        clusters: [
          {
            name: args.placement.prefix,
            bootstrapServers: brokers.join(","),
            readOnly: true,
            ...(tls && {
              properties: {
                "security.protocol": "SSL",
                "ssl.truststore.type": "PEM",
                "ssl.truststore.location": tls.caFile,
                "ssl.keystore.type": "PEM",
                "ssl.keystore.location": identityFile,
              },
            }),
          },
        ],
      },
      dynamic: { config: { enabled: false } },
      management: { endpoints: { web: { exposure: { include: "health" } } } },
      springdoc: { "api-docs": { enabled: false }, "swagger-ui": { enabled: false } },
      github: { release: { info: { enabled: false } } },
    };
    const by = "busybox";
    new Workload(
      name,
      {
        placement: args.placement,
        hostname: name,
        image: args.image,
        environment: {
          SPRING_CONFIG_ADDITIONALLOCATION: `file:${configFile}`,
          JAVA_OPTS: "-Xms64m -Xmx256m",
        },
        files: [
          // Spring reads YAML, of which JSON is a part.
          { path: configFile, content: pulumi.jsonStringify(settings, undefined, 2) },
          ...(tls && certificate
            ? [
                { path: tls.caFile, content: certificate.trustPem },
                { path: identityFile, content: certificate.joinedPem() },
              ]
            : []),
          ...(page?.files ?? []),
        ],
        ports: [{ container: kafkaUiPort, host: hostPort }],
        probe: page
          ? { kind: "tcp", port: kafkaUiPort, by }
          : { kind: "http", port: kafkaUiPort, path: "/actuator/health", by },
        memoryMiB: args.memoryMiB ?? 512,
      },
      { parent: this, dependsOn: [args.cluster.ready] },
    );
    this.password = pulumi.secret(password.result);
    this.url = `${page ? "https" : "http"}://${address}:${hostPort}`;
    this.registerOutputs({ url: this.url, password: this.password });
  }
}
