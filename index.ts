import * as docker from "@pulumi/docker";
import { KafkaCluster } from "./components/kafka/cluster";
import { KafkaTopic } from "./components/kafka/topic";
const network = new docker.Network("net", { name: "weather-slice" });
const cluster = new KafkaCluster("kafka", { placement: { prefix: "weather-slice", network: network.name }, image: "apache/kafka:4.3.1" });
new KafkaTopic("weather", { cluster, name: "weather" });
export const bootstrapServers = cluster.bootstrapServers;
export const clusterId = cluster.clusterId;
