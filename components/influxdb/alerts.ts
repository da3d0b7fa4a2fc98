import * as pulumi from "@pulumi/pulumi";
import { type Duration } from "../duration";
import { type InfluxConnection } from "./connection";
import { InfluxDeadmanCheck } from "./deadman-check";
import { InfluxHttpEndpoint } from "./http-endpoint";
import { InfluxNotificationRule } from "./notification-rule";
import { InfluxThresholdCheck } from "./threshold-check";

/** Arguments of {@link WeatherAlerts}. All of it is changed in place. */
export interface WeatherAlertsArgs {
  connection: InfluxConnection;
  /** Name of the bucket that is watched. */
  bucket: pulumi.Input<string>;
  /** Above this a temperature is CRIT, in degrees Celsius. */
  tooHotCelsius: number;
  /** How often the checks look, in whole seconds. It must exceed the interval of the data. */
  every: Duration;
  /** A station that is silent for so long, in whole seconds, is CRIT. */
  silentAfter: Duration;
  /** Address that is told, as InfluxDB sees it. */
  webhookUrl: string;
  /** Bearer token it asks for: a secret. */
  webhookToken: pulumi.Input<string>;
}

/** When a silent station is given up: a day later nobody waits for it any more. */
const forgottenAfter: Duration = "1 day";

/** The alerts of the pipeline: too hot, and silent, each told to an HTTP endpoint while it lasts. */
export class WeatherAlerts extends pulumi.ComponentResource {
  constructor(name: string, args: WeatherAlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:influxdb:WeatherAlerts", name, {}, opts);
    const { connection } = args;
    const parent = { parent: this };
    const watched = {
      connection,
      bucket: args.bucket,
      measurement: "weather",
      field: "temperature",
      every: args.every,
    };
    const tooHot = new InfluxThresholdCheck(
      `${name}-too-hot`,
      {
        ...watched,
        name: "too hot",
        aggregate: "max",
        thresholds: [{ level: "CRIT", above: args.tooHotCelsius }],
        statusMessageTemplate: "${r.station}: ${string(v: r.temperature)} °C is ${r._level}",
      },
      parent,
    );
    const silent = new InfluxDeadmanCheck(
      `${name}-silent`,
      {
        ...watched,
        name: "silent",
        timeSince: args.silentAfter,
        staleTime: forgottenAfter,
        statusMessageTemplate: "${r.station} has sent nothing: ${r._level}",
      },
      parent,
    );
    const endpoint = new InfluxHttpEndpoint(
      `${name}-endpoint`,
      { connection, name: "consumer", url: args.webhookUrl, token: args.webhookToken },
      parent,
    );
    new InfluxNotificationRule(
      `${name}-rule`,
      {
        connection,
        name: "tell the consumer",
        endpointId: endpoint.endpointId,
        every: args.every,
        checks: [tooHot.schedule, silent.schedule],
      },
      parent,
    );
    this.registerOutputs({});
  }
}
