import { type HTTPNotificationEndpoint, type NotificationEndpoint } from "@influxdata/influxdb-client-apis";
import * as pulumi from "@pulumi/pulumi";
import { type Fault, throwIfAny } from "../faults";
import { influxApis } from "./api";
import {
  connectionFaults,
  type InfluxConnection,
  secretConnection,
  textFaults,
  urlFaults,
} from "./connection";
import { influxProvider, type InfluxProps } from "./resource";

/** Where notifications are posted. All of it is changed in place. */
export interface InfluxHttpEndpointArgs {
  connection: InfluxConnection;
  /** Unique among the organisation's notification endpoints. */
  name: pulumi.Input<string>;
  /** As seen from the InfluxDB server; only an answer of exactly 200 counts as sent. */
  url: pulumi.Input<string>;
  /** Sent as `Authorization: Bearer ...`; kept as a secret. */
  token: pulumi.Input<string>;
  /** Default: none. */
  description?: pulumi.Input<string>;
}

interface HttpEndpointProps extends InfluxProps {
  name: string;
  url: string;
  token: string;
  description?: string;
  method?: HTTPNotificationEndpoint["method"];
  authMethod?: HTTPNotificationEndpoint["authMethod"];
  status?: "active" | "inactive";
  endpointId: string;
}

type HttpEndpointBody = Partial<HTTPNotificationEndpoint> & { name: string };

const provider = influxProvider<HttpEndpointProps, HttpEndpointBody, NotificationEndpoint>({
  noun: "HTTP endpoint",
  declared: ["name", "url", "token", "description", "method", "authMethod", "status"],
  fixed: [],
  title: (props) => props.name,
  api: (influx) => {
    const endpoints = new (influxApis().NotificationEndpointsAPI)(influx);
    return {
      list: async (page) => (await endpoints.getNotificationEndpoints(page)).notificationEndpoints ?? [],
      create: (body) => endpoints.createNotificationEndpoint({ body: body as NotificationEndpoint }),
      get: (endpointID) => endpoints.getNotificationEndpointsID({ endpointID }),
      update: (endpointID, body) =>
        endpoints.putNotificationEndpointsID({ endpointID, body: body as NotificationEndpoint }),
      remove: async (endpointID) => {
        await endpoints.deleteNotificationEndpointsID({ endpointID });
      },
    };
  },
  body: ({ name, url, token, description, method, authMethod, status }, orgID) => ({
    orgID,
    type: "http",
    name,
    url,
    token,
    description: description ?? "",
    method,
    authMethod,
    status,
  }),
  seen: (live) => {
    const { name, description, status, url, method, authMethod } = live as HTTPNotificationEndpoint;
    return { name, description, status, url, method, authMethod };
  },
  outputs: (live) => ({ endpointId: live.id }),
  isLeftover: (live, { name }) => live.name === name,
  isAdoptable: (live) => live.type === "http",
});

/** What is wrong with an HTTP endpoint's arguments, as far as they are known. */
export function httpEndpointFaults(args: InfluxHttpEndpointArgs): Fault[] {
  return [
    ...connectionFaults(args.connection),
    ...textFaults("name", args.name),
    ...urlFaults("url", args.url),
    ...textFaults("token", args.token),
  ];
}

/**
 * An address that notifications are posted to as JSON (`pulumi-nodejs:dynamic/influxdb:HttpEndpoint`). One of the same
 * name that exists already is adopted; one that was set inactive by hand is set active again.
 *
 * @throws pulumi.InputPropertiesError where an argument is wrong.
 */
export class InfluxHttpEndpoint extends pulumi.dynamic.Resource {
  declare readonly endpointId: pulumi.Output<string>;

  constructor(name: string, args: InfluxHttpEndpointArgs, opts?: pulumi.CustomResourceOptions) {
    throwIfAny(`InfluxDB HTTP endpoint ${name}`, httpEndpointFaults(args));
    super(
      provider,
      name,
      {
        ...args,
        connection: secretConnection(args.connection),
        token: pulumi.secret(args.token),
        method: "POST",
        authMethod: "bearer",
        status: "active",
        endpointId: undefined,
        orgId: undefined,
      },
      opts,
      "influxdb",
      "HttpEndpoint",
    );
    // A resource's own id stays known while it is updated; an output doesn't, and all that takes it would show as changed.
    this.endpointId = this.id;
  }
}
