import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  imageName,
  KafkaClusterReference,
  KafkaTopic,
  pipelineReference,
  PulledImages,
  TypeScriptApp,
} from "pulumi-weather-pipeline";
import { frostConfig } from "./frost/config";

export = async () => {
  const config = new pulumi.Config();
  const pipeline = pipelineReference(config.require("pipeline"));
  const { network, kafka } = await pipeline.read();

  const cluster = new KafkaClusterReference("pipeline", { bootstrapServers: kafka.bootstrapServers });
  const topic = new KafkaTopic("frost", {
    cluster,
    name: "weather-frost",
    cleanup: { policy: "delete", retention: "7 days" },
  });

  const images = new PulledImages("images");
  new TypeScriptApp(
    "frost",
    {
      placement: { prefix: `frost-${pulumi.getStack()}`, networks: [network] },
      baseImage: imageName("node"),
      entry: path.join(__dirname, "frost", "main.ts"),
      schema: frostConfig,
      config: {
        brokers: kafka.internalBootstrapServers,
        from: "weather",
        to: topic.topicName,
        belowCelsius: config.requireNumber("belowCelsius"),
      },
    },
    { dependsOn: [topic.topic, images.pull("node")] },
  );

  return {
    topic: topic.topicName,
    bootstrapServers: kafka.bootstrapServers,
    influxdbUrl: pipeline.influxdb.url,
    influxdbReadToken: pipeline.influxdbReadToken,
  };
};
