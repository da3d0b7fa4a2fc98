import { createEnvironment } from "./components/environment";

const pipeline = createEnvironment();

export const {
  prefix,
  network,
  kafka,
  influxdb,
  influxdbPassword,
  influxdbReadToken,
  influxdbOperatorToken,
  pages,
  consumerPassword,
  grafanaPassword,
  kafkaUiPassword,
  documents,
  documentsPassword,
  trustedCertificates,
  kafkaTls,
} = pipeline.outputs;
