import { type Consumer, type Kafka } from "kafkajs";

/** What differs between the programs that work for a group. */
export interface GroupConsumerOptions {
  groupId: string;
  /** How long a broker may hold an answer back to fill it. */
  maxWaitTimeInMs: number;
  /** Told when kafkajs gave up; it is started again in any case. */
  onRestart: (error: Error) => void;
}

/** A consumer of a group that goes on through the loss of brokers: its place is free 10 s after its end, and it never gives up. */
export function groupConsumer(kafka: Kafka, options: GroupConsumerOptions): Consumer {
  const { groupId, maxWaitTimeInMs, onRestart } = options;
  return kafka.consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 1_000,
    maxWaitTimeInMs,
    allowAutoTopicCreation: false,
    retry: {
      retries: 8,
      restartOnFailure: (error) => {
        onRestart(error);
        return Promise.resolve(true);
      },
    },
  });
}
