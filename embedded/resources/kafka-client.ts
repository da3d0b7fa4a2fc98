import { type Admin, Kafka, logLevel } from "kafkajs";
import { type PemIdentity } from "../../components/certificates/certificate";

/** What a program's `kafka.Provider` stands for: the deployer's way to the brokers, on which topics, ACLs and quotas are made. */
export class KafkaProvider {
  readonly bootstrapServers: string[];
  readonly tls: PemIdentity | undefined;
  private connected: Promise<Admin> | undefined;

  /** @param inputs the provider's, which reach the engine as text; those that aren't strings as JSON. */
  constructor(inputs: Record<string, unknown>) {
    const { caCert, clientCert, clientKey, tlsEnabled } = inputs;
    this.bootstrapServers = JSON.parse(String(inputs["bootstrapServers"])) as string[];
    this.tls =
      String(tlsEnabled) === "false"
        ? undefined
        : { ca: String(caCert), cert: String(clientCert), key: String(clientKey) };
  }

  /** One connection for all, made when it's first asked for. It reports nothing by itself: what fails is an error of the call. */
  admin(): Promise<Admin> {
    return (this.connected ??= (async () => {
      const admin = new Kafka({
        clientId: "embedded-resources",
        brokers: this.bootstrapServers,
        connectionTimeout: 10_000,
        logLevel: logLevel.NOTHING,
        ...(this.tls && { ssl: this.tls }),
      }).admin();
      await admin.connect();
      return admin;
    })());
  }

  async close(): Promise<void> {
    const { connected } = this;
    this.connected = undefined;
    await (await connected?.catch(() => undefined))?.disconnect();
  }
}
