import { readFileSync } from "node:fs";
import { Kafka, logLevel } from "kafkajs";
import { type KafkaConnection } from "./config";
import { type ClientTls } from "./kafka-node";
import { ConfigError } from "./lifecycle";
import { type Log, reasonOf, withoutRepeats } from "./log";

/**
 * A Kafka client for the connection. It makes no connection by itself.
 *
 * @throws ConfigError where a TLS file can't be read.
 */
export function createKafka(app: string, connection: KafkaConnection, log: Log): Kafka {
  const quiet = withoutRepeats(log, 10_000);
  const tls = clientTls(connection);
  return new Kafka({
    clientId: connection.clientId ?? app,
    brokers: connection.brokers,
    ...(tls && { ssl: { ...tls, ca: [tls.ca] } }),
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    logLevel: logLevel.WARN,
    // All kafkajs reports is retried, by itself or by its caller: a warning, not an error of the program.
    logCreator:
      () =>
      ({ namespace, log: { message, error, broker, topic } }) => {
        quiet("warn", `kafka: ${message}`, {
          namespace,
          error: error as unknown,
          broker: broker as unknown,
          topic: topic as unknown,
        });
      },
  });
}

/**
 * What the connection's TLS files hold; undefined where it has none.
 *
 * @throws ConfigError where a file can't be read.
 */
export function clientTls({ tls }: KafkaConnection): ClientTls | undefined {
  return (
    tls && {
      ca: pem("kafka.tls.caFile", tls.caFile),
      cert: pem("kafka.tls.certFile", tls.certFile),
      key: pem("kafka.tls.keyFile", tls.keyFile),
    }
  );
}

function pem(property: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`${property}: can't be read: ${reasonOf(error)}`);
  }
}
