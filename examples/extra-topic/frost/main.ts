import * as fs from "node:fs";
import * as http from "node:http";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { decodeMessage, header } from "pulumi-weather-pipeline/message";
import { frostConfig } from "./config";

async function main(configFile: string): Promise<void> {
  const config = frostConfig.parse(JSON.parse(fs.readFileSync(configFile, "utf8")));
  const kafka = new Kafka({ clientId: "frost", brokers: config.brokers, logLevel: logLevel.WARN });
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  const consumer = kafka.consumer({
    groupId: "frost",
    retry: { restartOnFailure: () => Promise.resolve(true) },
  });

  let isJoined = false;
  consumer.on(consumer.events.GROUP_JOIN, () => (isJoined = true));
  consumer.on(consumer.events.CRASH, () => (isJoined = false));
  const health = http.createServer((request, response) => {
    response.statusCode = request.url === "/healthz" && isJoined ? 200 : 503;
    response.end();
  });
  health.listen(8080, "0.0.0.0");

  await producer.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [config.from], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers } }) => {
      const checked = decodeMessage(value, headers?.[header.schemaVersion]?.toString());
      if ("fault" in checked || checked.message.temperature >= config.belowCelsius) return;
      // One message a send: kafkajs may lose acknowledged ones of a send that spans partitions.
      await producer.send({ topic: config.to, acks: -1, messages: [{ key, value, headers }] });
    },
  });

  process.once("SIGTERM", () => {
    void Promise.all([consumer.disconnect(), producer.disconnect()]).then(() => health.close());
  });
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
