import { z } from "zod";

const file = z.string().min(1, "must be the path of a file inside the container");

/** A TCP port. */
export const port = z
  .int("must be a whole number")
  .min(1, "must be 1..65535")
  .max(65_535, "must be 1..65535");

/** A whole number of milliseconds, at least 1. */
export const ms = z.int("must be a whole number of milliseconds").positive("must be at least 1 ms");

/** The name of a Kafka topic, by Kafka's own rule. */
export const topic = z
  .string()
  .regex(/^[a-zA-Z0-9._-]{1,249}$/, "must be 1..249 of the characters a-z, A-Z, 0-9, '.', '_' and '-'");

/** How a program reaches Kafka. With `tls` it shows a client certificate (mTLS), without it the connection is plain. */
export const kafkaConnection = z.strictObject({
  brokers: z
    .array(
      z
        .string()
        .regex(/^(\[[0-9a-fA-F:]+\]|[^:/\s]+):\d{1,5}$/, 'must be "host:port", such as "kafka1:9092"'),
    )
    .min(1, "must name at least one broker")
    .describe('Bootstrap brokers, "host:port" each.'),
  clientId: z
    .string()
    .min(1)
    .optional()
    .describe("Client id shown by the brokers. Default: the program's name."),
  tls: z
    .strictObject({
      caFile: file.describe("PEM of the authority that signed the brokers' certificates."),
      certFile: file.describe("PEM of this client's certificate and its chain."),
      keyFile: file.describe("PEM of this client's private key."),
    })
    .optional()
    .describe("Mutual TLS. Default: none, a plain connection."),
});
export type KafkaConnection = z.output<typeof kafkaConnection>;

/** How a program reaches one bucket of InfluxDB 2. */
export const influxdbConnection = z.strictObject({
  url: z.url({
    protocol: /^https?$/,
    error: 'must be an http or https address, such as "http://influxdb:8086"',
  }),
  org: z.string().min(1, "must name the organisation"),
  bucket: z.string().min(1, "must name the bucket"),
  tokenFile: file.describe("File that holds the API token, and nothing else."),
  caFile: file
    .optional()
    .describe("PEM of the authority behind InfluxDB's certificate. Default: the system's authorities."),
});
export type InfluxdbConnection = z.output<typeof influxdbConnection>;

/** Where a program serves /healthz and /metrics. */
export const httpServer = z
  .strictObject({
    port: port.default(8080).describe("Default 8080."),
    host: z.string().min(1).default("0.0.0.0").describe("Address to listen on. Default: every IPv4 address."),
    tls: z
      .strictObject({
        certFile: file.describe("PEM of the server's certificate and its chain."),
        keyFile: file.describe("PEM of the server's private key."),
      })
      .optional()
      .describe("Default: none, plain http."),
  })
  .prefault({});
export type HttpServer = z.output<typeof httpServer>;
