import * as pulumi from "@pulumi/pulumi";
import { type CertificateAuthority } from "../certificates/authority";
import { throwIfAny } from "../faults";
import { type KafkaCluster } from "../kafka/cluster";
import { isLoopbackOnly, type Placement, publishedAddress } from "../workload/placement";
import { Workload } from "../workload/workload";

/** Port of the page inside the network. */
const kafdropPort = 9000;

/** The image has none of its own, and its start script takes away the properties it didn't write, as far as it may. */
const kafdropUser = { uid: 1000, gid: 1000 };

/** How it connects to brokers that want a certificate. */
const propertiesFile = "/run/secrets/kafka/kafka.properties";

/** Arguments of {@link Kafdrop}. A change replaces the container, but for `memoryMiB`. */
export interface KafdropArgs {
  placement: Placement;
  /** Full name of Kafdrop's image, tag included. */
  image: pulumi.Input<string>;
  /** The cluster that is shown. */
  cluster: KafkaCluster;
  /** Signs the page's certificate. Default: plain http. */
  authority?: CertificateAuthority;
  /** Port on the machine. Default 9000. */
  hostPort?: number;
  /** Memory limit in MiB. Default 384. */
  memoryMiB?: number;
}

/**
 * Kafdrop: topics, partitions, offsets and groups in the browser, to look at only.
 *
 * It knows no login, so it can neither delete nor create a topic, its actuator shows nothing but its health, and it's published on
 * the machine's own loopback address alone.
 *
 * @throws pulumi.InputPropertiesError where the placement publishes elsewhere.
 */
export class Kafdrop extends pulumi.ComponentResource {
  /** Address of the page. */
  readonly url: string;

  constructor(name: string, args: KafdropArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:observability:Kafdrop", name, {}, opts);
    const hostPort = args.hostPort ?? kafdropPort;
    const address = publishedAddress(args.placement);
    throwIfAny(
      `Kafdrop ${name}`,
      isLoopbackOnly(args.placement)
        ? []
        : [
            {
              propertyPath: "placement",
              reason: `must publish on 127.0.0.1, not ${address}: it knows no login`,
            },
          ],
    );
    const { brokers, tls, certificate } = args.cluster.access.clientFor(name);
    const page = args.authority
      ?.issue(`${name}-server`, name, { kind: "server", hosts: [name, "localhost", address] })
      .files("/run/secrets/tls");
    const identityFile = "/run/secrets/kafka/identity.pem";
    new Workload(
      name,
      {
        placement: args.placement,
        hostname: name,
        image: args.image,
        user: kafdropUser,
        // The page's server unpacks itself where it likes.
        writableRoot: true,
        environment: {
          KAFKA_BROKERCONNECT: brokers.join(","),
          SERVER_PORT: String(kafdropPort),
          ...(tls && { KAFKA_PROPERTIES_FILE: propertiesFile }),
          // Spring Boot's own settings.
          ...(page && {
            SERVER_SSL_CERTIFICATE: page.paths.certFile,
            SERVER_SSL_CERTIFICATEPRIVATEKEY: page.paths.keyFile,
          }),
          CMD_ARGS:
            "--topic.deleteEnabled=false --topic.createEnabled=false --management.endpoints.web.exposure.include=health",
          JVM_OPTS: "-Xms64M -Xmx192M",
        },
        files: [
          ...(tls && certificate
            ? [
                { path: tls.caFile, content: certificate.trustPem },
                { path: identityFile, content: certificate.joinedPem() },
                {
                  path: propertiesFile,
                  content: [
                    "security.protocol=SSL",
                    "ssl.truststore.type=PEM",
                    `ssl.truststore.location=${tls.caFile}`,
                    "ssl.keystore.type=PEM",
                    `ssl.keystore.location=${identityFile}`,
                    "",
                  ].join("\n"),
                },
              ]
            : []),
          ...(page?.files ?? []),
        ],
        ports: [{ container: kafdropPort, host: hostPort }],
        probe: page
          ? { kind: "tcp", port: kafdropPort }
          : { kind: "http", port: kafdropPort, path: "/actuator/health" },
        memoryMiB: args.memoryMiB ?? 384,
      },
      { parent: this, dependsOn: [args.cluster.ready] },
    );
    this.url = `${page ? "https" : "http"}://${address}:${hostPort}`;
    this.registerOutputs({ url: this.url });
  }
}
