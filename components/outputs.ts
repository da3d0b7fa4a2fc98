import type * as pulumi from "@pulumi/pulumi";
import { type PemIdentity } from "./certificates/certificate";

/** What a pipeline tells other stacks and commands: the outputs of the stack, by name. */
export interface PipelineOutputs {
  /** Begins the names of all containers and volumes. */
  prefix: string;
  /** Docker's name of the brokers' network, for programs of other stacks; it is internal on one engine, where it publishes no ports. */
  network: string;
  kafka: {
    /** For clients on the machine. */
    bootstrapServers: string[];
    /** For programs on the network. */
    internalBootstrapServers: string[];
    clusterId: string;
    topics: string[];
    /** The consumer's group. */
    group: string;
  };
  influxdb: {
    /** From the machine. */
    url: string;
    /** From the network. */
    internalUrl: string;
    org: string;
    bucket: string;
    /** Where the Telegraf bridge writes; undefined where it's off. */
    telegrafBucket?: string;
    username: string;
  };
  /** Of InfluxDB's administrator: a secret. */
  influxdbPassword: string;
  /** Reads all buckets and checks, and changes nothing: a secret. */
  influxdbReadToken: string;
  /** May do all there is to do in InfluxDB, which is what its backup API asks for: a secret. */
  influxdbOperatorToken: string;
  pages: {
    /** The consumer's live page; /healthz, /metrics and /state stand beside it. */
    consumer: string;
    kafdrop?: string;
    kafkaUi?: string;
    grafana?: string;
  };
  /** Of the live page's user `weather`: a secret; undefined where the page asks for none, since it's published on loopback alone. */
  consumerPassword?: string;
  /** Of Grafana's user `admin`: a secret; undefined where Grafana is off. */
  grafanaPassword?: string;
  /** Of Kafka UI's user `admin`: a secret; undefined where Kafka UI is off. */
  kafkaUiPassword?: string;
  /** The collection of weather documents, and who may read it; undefined where it's off. */
  documents?: {
    /** From the machine, without the login. */
    url: string;
    database: string;
    collection: string;
    username: string;
  };
  /** Of the user that reads the documents: a secret. */
  documentsPassword?: string;
  /** PEM of the authorities behind the certificates of Kafka, InfluxDB and the pages; undefined where these are plaintext. */
  trustedCertificates?: string;
  /** The deployer's certificate for Kafka, a super user's: a secret; undefined where Kafka is plaintext. */
  kafkaTls?: PemIdentity;
}

/** The same, as a program holds them. */
export type PipelineOutputValues = { [Key in keyof PipelineOutputs]: pulumi.Input<PipelineOutputs[Key]> };
