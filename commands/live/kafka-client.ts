import { Kafka, logLevel } from "kafkajs";
import { type PipelineOutputs } from "../../components/outputs";

/**
 * A Kafka client of the commands, as the deployer is one: the only place where a command says how it connects.
 *
 * It reports nothing by itself and gives up after three retries; what fails is an error of the call.
 */
export function deployersKafka(
  { kafka, kafkaTls }: Pick<PipelineOutputs, "kafka" | "kafkaTls">,
  clientId: string,
): Kafka {
  return new Kafka({
    clientId,
    brokers: kafka.bootstrapServers,
    ...(kafkaTls && { ssl: kafkaTls }),
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  });
}
