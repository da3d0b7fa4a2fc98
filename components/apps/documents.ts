import * as pulumi from "@pulumi/pulumi";
import { documentsConfig } from "../../apps/documents/config";
import { type DocumentStore } from "../documents/store";
import { type KafkaAccess } from "../kafka/access";
import { type KafkaTopic } from "../kafka/topic";
import { appEntry, type AppPlacement, TypeScriptApp } from "./typescript-app";

/** Arguments of {@link DocumentSink}. */
export interface DocumentSinkArgs extends AppPlacement {
  kafka: KafkaAccess;
  /** Consumer group in Kafka. A change reads the topic anew, which writes the same documents again. */
  groupId: string;
  /** Whose messages become documents. */
  topic: KafkaTopic;
  /** Where they are kept. */
  store: DocumentStore;
}

/**
 * The program that puts every weather message into a collection, as one document under the message's id. It waits for its server as
 * long as that is away, and loses nothing meanwhile; what is no weather it leaves out, since the analysis makes a dead letter of it.
 */
export class DocumentSink extends pulumi.ComponentResource {
  readonly app: TypeScriptApp<typeof documentsConfig>;

  constructor(name: string, args: DocumentSinkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:apps:DocumentSink", name, {}, opts);
    const { brokers, tls, files } = args.kafka.clientFor(name);
    const { connection, files: storeFiles } = args.store.writer;
    this.app = new TypeScriptApp(
      name,
      {
        placement: args.placement,
        baseImage: args.baseImage,
        entry: appEntry("documents"),
        schema: documentsConfig,
        config: {
          kafka: { brokers, tls },
          groupId: args.groupId,
          topic: args.topic.topicName,
          mongodb: connection,
        },
        files: [...files, ...storeFiles],
        memoryMiB: 192,
      },
      { parent: this, dependsOn: [args.topic, args.store] },
    );
    this.registerOutputs({});
  }
}
