import * as path from "node:path";
import { type Driver } from "./drivers/driver";
import { appDriver } from "./drivers/app";
import { type AddressBook } from "./containers/place";
import { RunningContainer } from "./containers/running";
import { containerSpec } from "./containers/spec";
import { type StateFolder } from "./folder";
import { type ProcessBook } from "./processes";
import { type Realised, type Registration } from "./program";
import { realiseAcl } from "./resources/acl";
import { realiseTls } from "./resources/certificates";
import { isDynamic, realiseDynamic } from "./resources/dynamic";
import { KafkaProvider } from "./resources/kafka-client";
import { realiseQuota } from "./resources/quota";
import { realiseRandom } from "./resources/random";
import { type ResourceStore } from "./resources/store";
import { realiseTopic } from "./resources/topic";

/** Type tokens that the embedded run knows. */
export const types = {
  container: "docker:index/container:Container",
  volume: "docker:index/volume:Volume",
  network: "docker:index/network:Network",
  pulledImage: "docker:index/remoteImage:RemoteImage",
  builtImage: "docker:index/image:Image",
  topic: "kafka:index/topic:Topic",
  acl: "kafka:index/acl:Acl",
  quota: "kafka:index/quota:Quota",
  kafkaProvider: "pulumi:providers:kafka",
} as const;

/** What happened to one resource, for whoever shows progress. */
export interface RealiseEvent {
  registration: Registration;
  phase: "begin" | "done" | "left out";
  durationMs: number;
}

/** Makes real, one after the other, what a program registers: containers as processes, topics through Kafka, the rest by its own provider. */
export class Realiser {
  readonly containers: RunningContainer[] = [];
  /** Containers whose image has no driver, and those that depend on one: named, never faked. */
  readonly leftOut: string[] = [];
  /** Names of what was left out, and of the components that depend on it, by URN. */
  private readonly missing = new Map<string, string>();
  private readonly builtImages = new Map<string, string>();
  private readonly kafkaProviders = new Map<string, KafkaProvider>();

  constructor(
    private readonly projectRoot: string,
    private readonly state: StateFolder,
    private readonly addresses: AddressBook,
    private readonly store: ResourceStore,
    private readonly book: ProcessBook,
    private readonly driverOf: (image: string) => Driver | undefined,
    private readonly report: (event: RealiseEvent) => void,
  ) {}

  /** Closes what was open for making resources; the containers go on. */
  async close(): Promise<void> {
    await Promise.all([...this.kafkaProviders.values()].map((provider) => provider.close()));
  }

  async realise(registration: Registration): Promise<Realised> {
    const begun = Date.now();
    if (registration.custom) this.report({ registration, phase: "begin", durationMs: 0 });
    const needs = this.missingFor(registration);
    if (needs !== undefined) this.missing.set(registration.urn, needs);
    const realised = await this.make(registration, needs);
    if (registration.custom) {
      this.report({
        registration,
        phase: this.isLeftOut(registration) ? "left out" : "done",
        durationMs: Date.now() - begun,
      });
    }
    return realised;
  }

  private isLeftOut({ type, urn }: Registration): boolean {
    return type === types.container && this.missing.has(urn);
  }

  /** The container that was left out and that this resource waits for, itself or by a component that holds it. */
  private missingFor({ parent, dependencies }: Registration): string | undefined {
    return [parent, ...dependencies].map((urn) => this.missing.get(urn)).find((name) => name !== undefined);
  }

  private async make(registration: Registration, needs: string | undefined): Promise<Realised> {
    const { type, name, urn, inputs } = registration;
    const asDeclared: Realised = { id: `${name}-id`, state: inputs };
    if (!registration.custom) return { id: undefined, state: inputs };
    if (type.startsWith("random:")) return realiseRandom(registration, this.store);
    if (type.startsWith("tls:"))
      return realiseTls(registration, this.store, (hostname) => this.addresses.known(hostname));
    if (isDynamic(type))
      return realiseDynamic(registration, this.addresses.resolveIn(inputs), this.store, this.projectRoot);
    switch (type) {
      case types.container:
        return this.start(urn, name, inputs, needs);
      case types.builtImage: {
        const context = (inputs["build"] as { context?: string } | undefined)?.context ?? ".";
        this.builtImages.set(String(inputs["imageName"]), path.resolve(this.projectRoot, context));
        return { id: String(inputs["imageName"]), state: { ...inputs, repoDigest: inputs["imageName"] } };
      }
      case types.kafkaProvider:
        this.kafkaProviders.set(`${urn}::${name}-id`, new KafkaProvider(inputs));
        return asDeclared;
      case types.topic:
        return realiseTopic(inputs, this.kafkaProviderFor(registration));
      case types.acl:
        return realiseAcl(inputs, this.kafkaProviderFor(registration));
      case types.quota:
        return realiseQuota(inputs, this.kafkaProviderFor(registration));
      case types.volume:
      case types.network:
        return { id: typeof inputs["name"] === "string" ? inputs["name"] : name, state: { name, ...inputs } };
      case types.pulledImage:
        return {
          id: String(inputs["name"]),
          state: { ...inputs, imageId: inputs["name"], repoDigest: inputs["name"] },
        };
      default:
        if (type.startsWith("pulumi:")) return asDeclared;
        throw new Error(`${name} is a ${type}, which the embedded run doesn't know: use --target docker`);
    }
  }

  private kafkaProviderFor({ type, name, provider }: Registration): KafkaProvider {
    const found = this.kafkaProviders.get(provider);
    if (!found)
      throw new Error(`${type} ${name} names no Kafka provider: give it { provider: cluster.provider }`);
    return found;
  }

  private async start(
    urn: string,
    resourceName: string,
    inputs: Record<string, unknown>,
    needs: string | undefined,
  ): Promise<Realised> {
    const spec = containerSpec(resourceName, inputs);
    const context = this.builtImages.get(spec.image);
    const driver = context === undefined ? this.driverOf(spec.image) : appDriver(context);
    const realised = { id: `${spec.name}-id`, state: { ...inputs, name: spec.name } };
    if (needs !== undefined) {
      this.leftOut.push(`${spec.name} (needs ${needs})`);
      return realised;
    }
    if (!driver) {
      this.missing.set(urn, spec.name);
      this.leftOut.push(spec.name);
      return realised;
    }
    const container = new RunningContainer(this.addresses.place(spec, this.state), driver, this.book);
    this.containers.push(container);
    await container.start();
    return realised;
  }
}
