import * as net from "node:net";
import * as tls from "node:tls";
import { type Realised } from "../program";
import { type KafkaProvider } from "./kafka-client";

interface QuotaInputs {
  entityType: string;
  entityName?: string;
  config?: Record<string, string>;
}

const alterClientQuotas = 49;
const answerWithinMs = 10_000;

/**
 * Sets a quota on the brokers: AlterClientQuotas v0 of Kafka's protocol, which kafkajs doesn't know.
 *
 * @throws Error with the broker's reason where it refuses.
 */
export async function realiseQuota(
  inputs: Record<string, unknown>,
  { bootstrapServers, tls: identity }: KafkaProvider,
): Promise<Realised> {
  const quota = inputs as unknown as QuotaInputs;
  const [address = ""] = bootstrapServers;
  const answer = await exchange(address, identity, quotaRequest(quota));
  // Correlation id, throttle time, number of entries; then the error of the first and its message.
  const error = answer.readInt16BE(12);
  if (error !== 0) {
    const length = answer.readInt16BE(14);
    const message =
      length < 0 ? `error ${error} of Kafka's protocol` : answer.subarray(16, 16 + length).toString("utf8");
    throw new Error(
      `${address} refused the quota of ${quota.entityType} ${quota.entityName ?? "(default)"}: ${message}`,
    );
  }
  return { id: `${quota.entityName ?? ""}|${quota.entityType}`, state: inputs };
}

function quotaRequest({ entityType, entityName, config = {} }: QuotaInputs): Buffer {
  const int16 = (value: number) => {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(value);
    return bytes;
  };
  const int32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const float64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return bytes;
  };
  const text = (value: string | undefined) =>
    value === undefined ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
  const no = Buffer.from([0]);
  const settings = Object.entries(config);
  const message = Buffer.concat([
    ...[int16(alterClientQuotas), int16(0), int32(1), text("embedded-quota")],
    int32(1),
    ...[int32(1), text(entityType), text(entityName)],
    int32(settings.length),
    ...settings.flatMap(([key, value]) => [text(key), float64(Number(value)), no]),
    no,
  ]);
  return Buffer.concat([int32(message.length), message]);
}

/** Sends one request over a connection of its own, and returns the answer without its length. */
function exchange(address: string, identity: KafkaProvider["tls"], request: Buffer): Promise<Buffer> {
  const at = address.lastIndexOf(":");
  const to = { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
  const socket: net.Socket = identity ? tls.connect({ ...to, ...identity }) : net.connect(to);
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(answerWithinMs, () => {
      reject(new Error(`${address} did not answer within ${answerWithinMs / 1_000} s`));
    });
    socket.on("error", reject);
    socket.on("close", () => {
      reject(new Error(`${address} closed the connection`));
    });
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0))
        resolve(received.subarray(4));
    });
    socket.write(request);
  }).finally(() => {
    socket.destroy();
  });
}
