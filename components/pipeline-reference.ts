import * as pulumi from "@pulumi/pulumi";
import { type PipelineOutputs } from "./outputs";

/** What of a pipeline's outputs is no secret, as plain values. */
export type PublicPipelineOutputs = Omit<
  PipelineOutputs,
  | "influxdbPassword"
  | "influxdbReadToken"
  | "influxdbOperatorToken"
  | "consumerPassword"
  | "grafanaPassword"
  | "kafkaUiPassword"
  | "documents"
  | "documentsPassword"
  | "kafkaTls"
  | "trustedCertificates"
>;

/**
 * The outputs of a deployed pipeline, for the program of another stack: typed by the same {@link PipelineOutputs} that the
 * pipeline fulfils. Passwords and tokens stay secrets.
 */
export class PipelineReference {
  readonly prefix: pulumi.Output<PipelineOutputs["prefix"]>;
  readonly network: pulumi.Output<PipelineOutputs["network"]>;
  readonly kafka: pulumi.Output<PipelineOutputs["kafka"]>;
  readonly influxdb: pulumi.Output<PipelineOutputs["influxdb"]>;
  readonly influxdbPassword: pulumi.Output<string>;
  readonly influxdbReadToken: pulumi.Output<string>;
  readonly pages: pulumi.Output<PipelineOutputs["pages"]>;
  /** Undefined where the live page asks for none. */
  readonly consumerPassword: pulumi.Output<string | undefined>;
  /** Undefined where the pipeline has no Grafana. */
  readonly grafanaPassword: pulumi.Output<string | undefined>;
  /** Undefined where Kafka, InfluxDB and the pages are plaintext. */
  readonly trustedCertificates: pulumi.Output<string | undefined>;
  /** Undefined where Kafka is plaintext. */
  readonly kafkaTls: pulumi.Output<PipelineOutputs["kafkaTls"]>;

  constructor(
    private readonly stackName: string,
    private readonly stack: pulumi.StackReference,
  ) {
    this.prefix = this.required("prefix");
    this.network = this.required("network");
    this.kafka = this.required("kafka");
    this.influxdb = this.required("influxdb");
    this.influxdbPassword = pulumi.secret(this.required("influxdbPassword"));
    this.influxdbReadToken = pulumi.secret(this.required("influxdbReadToken"));
    this.pages = this.required("pages");
    this.consumerPassword = pulumi.secret(
      stack.getOutput("consumerPassword") as pulumi.Output<string | undefined>,
    );
    this.grafanaPassword = pulumi.secret(
      stack.getOutput("grafanaPassword") as pulumi.Output<string | undefined>,
    );
    this.trustedCertificates = stack.getOutput("trustedCertificates") as pulumi.Output<string | undefined>;
    this.kafkaTls = pulumi.secret(stack.getOutput("kafkaTls") as pulumi.Output<PipelineOutputs["kafkaTls"]>);
  }

  /**
   * The outputs as plain values, for what a program must know before it declares anything, such as the configuration of an app.
   *
   * @throws pulumi.RunError where the stack isn't a deployed pipeline.
   */
  async read(): Promise<PublicPipelineOutputs> {
    const of = async <Key extends keyof PublicPipelineOutputs>(name: Key) => {
      const details = await this.stack.getOutputDetails(name);
      return this.present(name, details.value as PublicPipelineOutputs[Key] | undefined);
    };
    return {
      prefix: await of("prefix"),
      network: await of("network"),
      kafka: await of("kafka"),
      influxdb: await of("influxdb"),
      pages: await of("pages"),
    };
  }

  private required<Key extends keyof PipelineOutputs>(name: Key): pulumi.Output<PipelineOutputs[Key]> {
    const output = this.stack.getOutput(name) as pulumi.Output<unknown>;
    return output.apply((value) => this.present(name, value)) as pulumi.Output<PipelineOutputs[Key]>;
  }

  private present<Value>(name: string, value: Value | undefined): NonNullable<Value> {
    if (value === undefined || value === null) {
      throw new pulumi.RunError(
        `The stack ${JSON.stringify(this.stackName)} has no output ${name}: it isn't a deployed pipeline. Deploy the pipeline first, and give the whole name, as \`pulumi stack ls\` shows it: org/project/stack.`,
      );
    }
    return value;
  }
}

/**
 * Refers to a deployed pipeline by its stack: `pipelineReference("org/project/stack")`. On a file backend the org is
 * `organization`.
 */
export function pipelineReference(stack: string, opts?: pulumi.CustomResourceOptions): PipelineReference {
  return new PipelineReference(stack, new pulumi.StackReference(stack, { name: stack }, opts));
}
