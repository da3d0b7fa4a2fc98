import type * as kafka from "@pulumi/kafka";
import * as pulumi from "@pulumi/pulumi";
import { type Fault, throwIfAny } from "../faults";
import { type PemIdentity } from "../certificates/certificate";
import { kafkaProvider } from "./cluster";
import { QuorumGate } from "./gates";
import { type TopicCluster } from "./topic";

/** Arguments of a {@link KafkaClusterReference}. */
export interface KafkaClusterReferenceArgs {
  /** `host:port` of every broker's client listener as the deployer reaches it: one a broker, as a pipeline's `kafka.bootstrapServers` are. */
  bootstrapServers: string[];
  /** The deployer's certificate, as a pipeline's `kafkaTls` is; it's kept as a secret. Default: none, for a cluster without TLS. */
  tls?: pulumi.Input<PemIdentity>;
  /** Topics declared through the reference can't be deleted while this is set. Default false. */
  protect?: boolean;
}

/** What can be said against a reference before anything is created. */
export function clusterReferenceFaults({
  bootstrapServers,
}: Pick<KafkaClusterReferenceArgs, "bootstrapServers">): Fault[] {
  if (bootstrapServers.length === 0)
    return [{ propertyPath: "bootstrapServers", reason: "must name every broker, and names none" }];
  return bootstrapServers.flatMap((address, index) =>
    /^[^:/\s]+:\d{1,5}$/.test(address)
      ? []
      : [
          {
            propertyPath: `bootstrapServers[${index}]`,
            reason: `must be "host:port", not ${JSON.stringify(address)}`,
          },
        ],
  );
}

/**
 * A cluster that another stack has deployed, to declare topics on it. Topics replicate three times where there are three brokers,
 * with two in sync, unless they say otherwise; they wait until the whole cluster answers.
 *
 * @throws pulumi.InputPropertiesError where an address can't be one.
 */
export class KafkaClusterReference extends pulumi.ComponentResource implements TopicCluster {
  readonly brokers: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly protect: boolean;
  readonly provider: kafka.Provider;
  readonly ready: QuorumGate;

  constructor(name: string, args: KafkaClusterReferenceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:kafka:KafkaClusterReference", name, {}, opts);
    throwIfAny(`KafkaClusterReference ${name}`, clusterReferenceFaults(args));
    const { bootstrapServers } = args;
    const tls = args.tls === undefined ? undefined : pulumi.secret(args.tls);
    this.brokers = bootstrapServers.length;
    this.replicationFactor = Math.min(3, this.brokers);
    this.minInsyncReplicas = Math.min(2, this.replicationFactor);
    this.protect = args.protect ?? false;
    this.ready = new QuorumGate(
      `${name}-quorum`,
      { addresses: bootstrapServers, incarnations: [], timeoutMs: 60_000, ...(tls && { tls }) },
      { parent: this },
    );
    this.provider = kafkaProvider(`${name}-provider`, bootstrapServers, tls, {
      parent: this,
      dependsOn: [this.ready],
    });
    this.registerOutputs({});
  }
}
