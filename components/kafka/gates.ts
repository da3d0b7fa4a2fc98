import * as pulumi from "@pulumi/pulumi";
import { type PemIdentity } from "../certificates/certificate";
import { waitUntilReady } from "./readiness";

interface GateProps {
  addresses: string[];
  incarnations: string[];
  timeoutMs: number;
  tls?: PemIdentity;
}

function changed(olds: GateProps, news: GateProps): boolean {
  const watched = ({ addresses, incarnations, timeoutMs, tls }: GateProps) =>
    JSON.stringify([addresses, incarnations, timeoutMs, tls]);
  return watched(olds) !== watched(news);
}

/* Pulumi carries these providers as source text to another process; each is one object, so that it's written out once. */

const quorumGateProvider: pulumi.dynamic.ResourceProvider<GateProps, GateProps> = {
  async create(props) {
    await waitUntilReady({ addresses: props.addresses, inSync: false, tls: props.tls }, props.timeoutMs);
    return { id: props.addresses.join(","), outs: props };
  },
  diff: (_id, olds, news) => Promise.resolve({ changes: changed(olds, news) }),
  async update(_id, _olds, news) {
    await waitUntilReady({ addresses: news.addresses, inSync: false, tls: news.tls }, news.timeoutMs);
    return { outs: news };
  },
};

const rollGateProvider: pulumi.dynamic.ResourceProvider<GateProps, GateProps> = {
  // The first boot: a broker that waited here for the quorum would keep the brokers after it from starting, so no quorum would come.
  create: (props) => Promise.resolve({ id: props.addresses.join(","), outs: props }),
  diff: (_id, olds, news) => Promise.resolve({ changes: changed(olds, news) }),
  async update(_id, olds, news) {
    if (JSON.stringify(olds.incarnations) !== JSON.stringify(news.incarnations)) {
      await waitUntilReady({ addresses: news.addresses, inSync: true, tls: news.tls }, news.timeoutMs);
    }
    return { outs: news };
  },
};

/** Arguments of {@link QuorumGate} and {@link RollGate}. */
export interface GateArgs {
  /** `host:port` of each broker's client listener as the deployer reaches it, known at preview. */
  addresses: string[];
  /** Ids of the containers or services that are watched: a new one makes the gate wait again. */
  incarnations: pulumi.Input<string>[];
  /** How long to wait, in ms, before the deployment fails and says what was missing. */
  timeoutMs: number;
  /** The deployer's certificate, where the cluster asks for one. */
  tls?: pulumi.Input<PemIdentity>;
}

/** Waits until every broker has registered and the controller quorum has a leader. Topics and clients depend on it. */
export class QuorumGate extends pulumi.dynamic.Resource {
  constructor(name: string, args: GateArgs, opts?: pulumi.CustomResourceOptions) {
    super(quorumGateProvider, name, { ...args }, opts, "kafka", "QuorumGate");
  }
}

/**
 * Stands between one broker and the next: passes at once when first created, and after a change of its broker waits until
 * that broker answers again and every partition is whole. So a first `up` starts all, a later change rolls one by one.
 */
export class RollGate extends pulumi.dynamic.Resource {
  constructor(name: string, args: GateArgs, opts?: pulumi.CustomResourceOptions) {
    super(rollGateProvider, name, { ...args }, opts, "kafka", "RollGate");
  }
}
