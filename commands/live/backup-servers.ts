import { type Kafka } from "kafkajs";
import { type InfluxdbServer } from "../../apps/backup/influxdb-server";
import { type PipelineOutputs } from "../../components/outputs";
import { deployersKafka } from "./kafka-client";

/** The servers that a backup is made of and restored to, as a command reaches them. */
export function backupServers(outputs: PipelineOutputs): { kafka: Kafka; influxdb: InfluxdbServer } {
  const { influxdb, influxdbOperatorToken } = outputs;
  return {
    kafka: deployersKafka(outputs, "weather-backup"),
    influxdb: {
      url: influxdb.url,
      org: influxdb.org,
      token: influxdbOperatorToken,
      ca: outputs.trustedCertificates,
    },
  };
}
