import { type Admin } from "kafkajs";
import { connectNode, type NodeCall } from "../../apps/shared/kafka-node";
import { type PipelineOutputs } from "../../components/outputs";
import { deployersKafka } from "../live/kafka-client";

/** Where a stack's Kafka is, and how the deployer comes in. */
export type KafkaOutputs = Pick<PipelineOutputs, "kafka" | "kafkaTls">;

const clientId = "weather-kafka";
const timeoutMs = 10_000;

/** Talks to the cluster through kafkajs' admin client. @throws Error where no broker answers. */
export async function withAdmin<T>(outputs: KafkaOutputs, talk: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = deployersKafka(outputs, clientId).admin();
  await admin.connect();
  try {
    return await talk(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Talks to one broker, and no other. @throws Error where it can't be reached or doesn't answer within 10 s. */
export async function withBroker<T>(
  { kafkaTls }: KafkaOutputs,
  address: string,
  talk: (call: NodeCall) => Promise<T>,
): Promise<T> {
  const node = connectNode(address, clientId, timeoutMs, kafkaTls);
  try {
    return await talk(node.call);
  } finally {
    node.close();
  }
}

/** Talks to the first broker that answers at all. @throws Error where none does, or the talk's own. */
export async function withAnyBroker<T>(
  outputs: KafkaOutputs,
  talk: (call: NodeCall) => Promise<T>,
): Promise<T> {
  const failures: string[] = [];
  for (const address of outputs.kafka.bootstrapServers) {
    const answering = { is: false };
    try {
      return await withBroker(outputs, address, (call) =>
        talk(async (...request) => {
          const answer = await call(...request);
          answering.is = true;
          return answer;
        }),
      );
    } catch (error) {
      if (answering.is) throw error;
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`No broker answers: ${failures.join("; ")}`);
}
