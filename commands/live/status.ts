import { type PipelineOutputs } from "../../components/outputs";
import { type ContainerStatus } from "../../embedded/containers/running";
import { influxStatus, type CheckStatus } from "./influxdb";
import { kafkaStatus, type KafkaFlow, type KafkaStatus } from "./kafka";
import { type RunningStack } from "./outputs";
import { services } from "./services";

/** Everything about a running stack, read from its servers at this moment. What can't be read is an `error` in its place. */
export interface StackStatus {
  target: string;
  stack: string;
  /** Addresses for a browser, the live page first; of those that run. */
  pages: { name: string; url: string }[];
  services: ContainerStatus[];
  kafka: KafkaStatus | { error: string };
  influxdb: { buckets: string[]; checks: CheckStatus[] } | { error: string };
  /** Figures that can't be read are null. */
  flow: { injected: number | null } & { [Key in keyof KafkaFlow]: KafkaFlow[Key] | null };
}

/** Asks containers and servers; InfluxDB after Kafka, so that what is published was injected, by these figures too. */
export async function stackStatus(running: RunningStack): Promise<StackStatus> {
  const failure = (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) });
  const [containers, [kafka, influx]] = await Promise.all([
    services(running),
    (async () =>
      [
        await inTime("Kafka", () => kafkaStatus(running.outputs)).catch(failure),
        await inTime("InfluxDB", () => influxStatus(running.outputs)).catch(failure),
      ] as const)(),
  ]);
  const none = { published: null, consumed: null, deadLettered: null, lag: null };
  return {
    target: running.target,
    stack: running.stack,
    pages: pages(running.outputs, containers),
    services: containers,
    kafka: "error" in kafka ? kafka : kafka.status,
    influxdb: "error" in influx ? influx : { buckets: influx.buckets, checks: influx.checks },
    flow: { injected: "error" in influx ? null : influx.points, ...("error" in kafka ? none : kafka.flow) },
  };
}

function pages(
  { pages, prefix }: PipelineOutputs,
  containers: readonly ContainerStatus[],
): StackStatus["pages"] {
  const hostnames = { grafana: "grafana", kafdrop: "kafdrop", kafkaUi: "kafka-ui" } as const;
  const besides = (["grafana", "kafdrop", "kafkaUi"] as const).flatMap((page) => {
    const url = pages[page];
    const name = hostnames[page];
    // The embedded run has no driver for these.
    return url !== undefined && containers.some((container) => container.name === `${prefix}-${name}`)
      ? [{ name, url }]
      : [];
  });
  return [{ name: "live page", url: pages.consumer }, ...besides];
}

/** Longest wait for a server's answer, in ms. kafkajs has no limit of its own for some of its calls. */
const answerWithinMs = 10_000;

/** Tries at one answer: a cluster that has just got a topic or a coordinator may contradict itself once. */
const tries = 3;

async function inTime<T>(server: string, ask: () => Promise<T>): Promise<T> {
  const answer = async () => {
    for (let tried = 1; ; tried++) {
      try {
        return await ask();
      } catch (error) {
        if (tried === tries) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${server} did not answer within ${answerWithinMs / 1_000} s`));
    }, answerWithinMs);
  });
  try {
    return await Promise.race([answer(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
