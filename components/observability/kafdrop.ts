import * as pulumi from "@pulumi/pulumi";
import { type KafkaCluster } from "../kafka/cluster";
import { type Placement, publishedAddress } from "../workload/placement";
import { Workload } from "../workload/workload";

/** Port of the page inside the network. */
const kafdropPort = 9000;

/** Arguments of {@link Kafdrop}. */
export interface KafdropArgs {
  placement: Placement;
  image: pulumi.Input<string>;
  cluster: KafkaCluster;
  /** Port on the machine. Default 9000. */
  hostPort?: number;
  /** Memory limit in MiB. Default 384. */
  memoryMiB?: number;
}

/**
 * Kafdrop: topics, partitions, offsets and groups in the browser, to look at only.
 *
 * It knows no login, so it can neither delete nor create a topic, its actuator shows nothing but its health, and it's published on
 * the placement's address alone (127.0.0.1 unless said otherwise).
 */
export class Kafdrop extends pulumi.ComponentResource {
  /** Address of the page. */
  readonly url: string;

  constructor(name: string, args: KafdropArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:observability:Kafdrop", name, {}, opts);
    const hostPort = args.hostPort ?? kafdropPort;
    new Workload(
      name,
      {
        placement: args.placement,
        hostname: name,
        image: args.image,
        environment: {
          KAFKA_BROKERCONNECT: args.cluster.internalBootstrapServers.join(","),
          SERVER_PORT: String(kafdropPort),
          CMD_ARGS:
            "--topic.deleteEnabled=false --topic.createEnabled=false --management.endpoints.web.exposure.include=health",
          JVM_OPTS: "-Xms64M -Xmx192M",
        },
        ports: [{ container: kafdropPort, host: hostPort }],
        probe: { kind: "http", port: kafdropPort, path: "/actuator/health" },
        memoryMiB: args.memoryMiB ?? 384,
      },
      { parent: this, dependsOn: [args.cluster.ready] },
    );
    this.url = `http://${publishedAddress(args.placement)}:${hostPort}`;
    this.registerOutputs({ url: this.url });
  }
}
