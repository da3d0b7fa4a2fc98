import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import * as tls from "node:tls";
import { type Admin, Kafka, logLevel, Partitioners } from "kafkajs";
import { type PemIdentity } from "../../components/certificates/certificate";
import { askNode } from "../../components/kafka/node-view";
import { type PipelineOutputs } from "../../components/outputs";
import { realiseTls } from "../../embedded/resources/certificates";
import { ResourceStore } from "../../embedded/resources/store";
import { eventually, temporaryState } from "./run";
import { coldStartMs, type TestedStack } from "./stack";

/** A stack of the environment `staging`, and what somebody on its machine sees of it who isn't let in. */
export interface SecuredStack {
  readonly stack: TestedStack;
  /** Mode that a certificate or key has as a file of a program. */
  readonly fileMode: number;
  /** Mode of each file of a certificate or key that the programs have. */
  readonly fileModes: () => Promise<number[]>;
  /** Logs, environments, command lines, state files: what may hold no secret. */
  readonly visible: () => Promise<string[]>;
}

/** All that `staging` must refuse, keep to itself, and still do; the same on local processes and under the real engine. */
export function describeSecurity({ stack, fileMode, fileModes, visible }: SecuredStack): void {
  jest.setTimeout(300_000);

  let scratch: string;
  let outputs: PipelineOutputs;

  const status = () => stack.status();
  const firstBroker = () => outputs.kafka.bootstrapServers[0] ?? "";

  /** What a program of the stack connects with. */
  const identityOf = (program: string): PemIdentity => ({
    ca: outputs.trustedCertificates ?? "",
    cert: String(stack.kept(`authority-${program}-client-certificate`)["certPem"]),
    key: String(stack.kept(`authority-${program}-client-key`)["privateKeyPem"]),
  });

  /** A certificate in the deployer's name, signed by `authority`, for so many hours from now. */
  async function forged(
    authority: { certPem: string; privateKeyPem: string },
    validityPeriodHours: number,
    organization = outputs.prefix,
  ): Promise<PemIdentity> {
    const make = async (kind: string, inputs: Record<string, unknown>) => {
      const registration = {
        ...{
          urn: `urn:${kind}`,
          name: kind,
          type: `tls:index/${kind}:${kind[0]?.toUpperCase()}${kind.slice(1)}`,
        },
        ...{ parent: "", dependencies: [], provider: "", custom: true, protect: false },
        inputs,
      };
      const store = new ResourceStore(path.join(scratch, `${Math.random()}.json`));
      return (await realiseTls(registration, store, () => [])).state as Record<string, string>;
    };
    const { privateKeyPem } = await make("privateKey", { algorithm: "ECDSA", ecdsaCurve: "P256" });
    const { certRequestPem } = await make("certRequest", {
      privateKeyPem,
      subject: { commonName: "deployer", organization },
    });
    const { certPem } = await make("locallySignedCert", {
      certRequestPem,
      caCertPem: authority.certPem,
      caPrivateKeyPem: authority.privateKeyPem,
      validityPeriodHours,
      allowedUses: ["digital_signature", "client_auth"],
    });
    return { ca: outputs.trustedCertificates ?? "", cert: certPem ?? "", key: privateKeyPem ?? "" };
  }

  const ownAuthority = () => ({
    certPem: String(stack.kept("authority-certificate")["certPem"]),
    privateKeyPem: String(stack.kept("authority-key")["privateKeyPem"]),
  });

  async function withAdmin<Result>(
    identity: PemIdentity,
    work: (admin: Admin) => Promise<Result>,
  ): Promise<Result> {
    const kafka = new Kafka({
      ...{ clientId: "test", brokers: outputs.kafka.bootstrapServers, ssl: identity },
      ...{ logLevel: logLevel.NOTHING, connectionTimeout: 10_000, retry: { retries: 1 } },
    });
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  beforeAll(async () => {
    scratch = temporaryState();
    await stack.up();
    ({ outputs } = stack);
  }, coldStartMs);

  afterAll(async () => {
    await stack.down();
    fs.rmSync(scratch, { recursive: true, force: true });
  }, 180_000);

  test("the weather flows through both ways by mTLS, and an alert comes back through the webhook", async () => {
    await stack.writePoint("desert", 48);
    const now = await eventually(
      status,
      ({ services, flow, kafka }) =>
        services.every(({ healthy }) => healthy === true) &&
        (flow.consumed ?? 0) > 5 &&
        "topics" in kafka &&
        ["weather-telegraf", "weather-alerts"].every((topic) =>
          kafka.topics.some(({ name, messages }) => name === topic && messages > 0),
        ),
      120_000,
    );
    expect(now.flow.deadLettered).toBe(0);
  });

  test("the producer, killed, reads again what it published, by its own rights, and goes on", async () => {
    const published = (await status()).flow.published ?? 0;
    await stack.kill("producer");
    await eventually(status, ({ flow }) => (flow.published ?? 0) > published + 20, 60_000);
  });

  describe("who isn't let in", () => {
    const refusal = (identity: Partial<PemIdentity>) =>
      askNode(firstBroker(), 10_000, identity as PemIdentity).then(
        () => "let in",
        (error: unknown) => (error as Error).message,
      );

    test("the deployer is: what is refused below is refused for its certificate alone", async () => {
      expect(await refusal(outputs.kafkaTls ?? {})).toBe("let in");
      expect(await refusal(await forged(ownAuthority(), 1))).toBe("let in");
    });

    test("a client without a certificate", async () => {
      expect(await refusal({ ca: outputs.trustedCertificates ?? "" })).toMatch(
        /certificate required|bad cert/,
      );
    });

    test("a client with a certificate of another authority", async () => {
      const key = await forged(ownAuthority(), 1);
      // Signed by a key that isn't the authority's, under the authority's own name.
      const other = await forged({ certPem: ownAuthority().certPem, privateKeyPem: key.key }, 1);
      expect(await refusal(other)).toMatch(/alert|closed|ECONNRESET/);
    });

    test("a client with a certificate that has expired", async () => {
      expect(await refusal(await forged(ownAuthority(), -1))).toMatch(/alert|closed|ECONNRESET/);
    });

    test("a client with a certificate of another environment of the same authority", async () => {
      expect(await refusal(await forged(ownAuthority(), 1, "weather-dev"))).toMatch(
        /alert|closed|ECONNRESET/,
      );
    });

    test("a client that speaks no TLS", async () => {
      await expect(askNode(firstBroker(), 3_000)).rejects.toThrow(/closed|ECONNRESET|did not answer/);
    });
  });

  describe("what the producer's certificate isn't good for", () => {
    const asProducer = <Result>(work: (admin: Admin) => Promise<Result>) =>
      withAdmin(identityOf("producer"), work);

    test("its own topic it may look at", async () => {
      expect(await asProducer((admin) => admin.fetchTopicOffsets("weather"))).toHaveLength(4);
    });

    test("another topic", async () => {
      await expect(asProducer((admin) => admin.fetchTopicOffsets("weather-alerts"))).rejects.toThrow(
        /not authorized/i,
      );
    });

    test("another group", async () => {
      const offsets = (groupId: string) =>
        asProducer((admin) => admin.fetchOffsets({ groupId, topics: ["weather"] }));
      expect(await offsets("weather-producer-test")).toHaveLength(1);
      // kafkajs doesn't pass on why the coordinator isn't told.
      await expect(offsets(outputs.kafka.group)).rejects.toThrow(/not authorized|find group coordinator/i);
    });

    test("a topic of its own making", async () => {
      const refused = await asProducer((admin) =>
        admin.createTopics({ topics: [{ topic: "producers-own", numPartitions: 1 }] }).then(
          () => [],
          (error: unknown) =>
            (error as { errors: { message: string }[] }).errors.map(({ message }) => message),
        ),
      );
      expect(refused).toEqual([expect.stringMatching(/authorization failed|not authorized/i)]);
    });

    test("writing what only the consumer writes", async () => {
      const kafka = new Kafka({
        ...{ clientId: "test", brokers: outputs.kafka.bootstrapServers, ssl: identityOf("producer") },
        ...{ logLevel: logLevel.NOTHING, connectionTimeout: 10_000, retry: { retries: 1 } },
      });
      const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      await producer.connect();
      try {
        await expect(
          producer.send({ topic: "weather-alerts", messages: [{ value: "all is well" }] }),
        ).rejects.toThrow(/not authorized/i);
      } finally {
        await producer.disconnect();
      }
    });
  });

  /** How a server answers plain bytes: nothing, a TLS alert, or text. */
  function answerTo(port: number, bytes: Buffer): Promise<Buffer> {
    return new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.write(bytes));
      const received: Buffer[] = [];
      const end = () => {
        socket.destroy();
        resolve(Buffer.concat(received));
      };
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      for (const event of ["close", "error"] as const) socket.once(event, end);
      socket.setTimeout(2_000, end);
    });
  }

  /** The protocol that a handshake ends with, or why there is none. */
  function handshake(port: number, maxVersion: tls.SecureVersion): Promise<string> {
    return new Promise((resolve) => {
      const socket = tls.connect({
        ...{ host: "127.0.0.1", port, ca: outputs.trustedCertificates },
        ...{ minVersion: "TLSv1" as const, maxVersion, ciphers: "DEFAULT@SECLEVEL=0" },
      });
      socket.once("secureConnect", () => {
        resolve(String(socket.getProtocol()));
        socket.destroy();
      });
      socket.once("error", (error: Error) => {
        resolve(error.message);
      });
    });
  }

  test("every published port speaks TLS 1.3 with a certificate of the environment's authority, and no plaintext", async () => {
    const ports = (await status()).services.flatMap(({ endpoints }) =>
      endpoints.map((endpoint) => Number(endpoint.split(":")[1])),
    );
    expect(ports).toHaveLength(5);
    // ApiVersions v0 of Kafka's protocol, and a page.
    const apiVersions = Buffer.from("0000000e00120000000000010004" + "74657374", "hex");
    for (const port of ports) {
      expect([port, await handshake(port, "TLSv1.3")]).toEqual([port, "TLSv1.3"]);
      expect([port, await handshake(port, "TLSv1.1")]).toEqual([
        port,
        expect.stringMatching(/alert|reset|disconnected/i),
      ]);
      for (const bytes of [apiVersions, Buffer.from("GET / HTTP/1.0\r\n\r\n")]) {
        const answer = await answerTo(port, bytes);
        // Nothing, an alert (21), or Go's notice to whoever speaks http to an https port.
        const harmless =
          answer.length === 0 || answer[0] === 21 || answer.toString().startsWith("HTTP/1.0 400 Bad Request");
        expect([port, harmless]).toEqual([port, true]);
      }
    }
  });

  test("keys stand in files that the programs alone can read, and in no environment, command line, log or state", async () => {
    const modes = await fileModes();
    expect(modes.length).toBeGreaterThan(15);
    expect(new Set(modes)).toEqual(new Set([fileMode]));

    const keyLine = (pem: string) => pem.split("\n")[1] ?? "";
    const secrets = [
      keyLine(String(stack.kept("authority-key")["privateKeyPem"])),
      keyLine(identityOf("producer").key),
      keyLine(outputs.kafkaTls?.key ?? ""),
      String(stack.kept("influxdb-operator-token")["result"]),
    ];
    expect(secrets.every((secret) => secret.length > 40)).toBe(true);
    const texts = await visible();
    expect(texts.length).toBeGreaterThan(10);
    for (const text of texts) expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
}
