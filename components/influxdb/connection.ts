import * as pulumi from "@pulumi/pulumi";
import { type Fault, under } from "../faults";

/** How the resources of this folder reach an InfluxDB 2 server, and the organisation they live in. */
export interface InfluxConnection {
  /** Base address as seen from where `pulumi up` runs, such as `http://127.0.0.1:8086`. A change touches nothing. */
  url: pulumi.Input<string>;
  /** A token that may administer the organisation; kept as a secret. A change touches nothing. */
  token: pulumi.Input<string>;
  /** The organisation's name. A change replaces every resource. */
  org: pulumi.Input<string>;
  /** PEM of the authority that signed the server's certificate. A change touches nothing. Default: Node's own authorities. */
  caPem?: pulumi.Input<string>;
}

/** What is wrong with a connection, as far as it's known. */
export function connectionFaults(connection: InfluxConnection): Fault[] {
  return under("connection", [
    ...urlFaults("url", connection.url),
    ...textFaults("token", connection.token),
    ...textFaults("org", connection.org),
  ]);
}

/** The same connection with its token marked secret, as it's kept in state. */
export function secretConnection(connection: InfluxConnection): InfluxConnection {
  return { ...connection, token: pulumi.secret(connection.token) };
}

/** A fault where the text is known and empty. */
export function textFaults(propertyPath: string, text: pulumi.Input<string>): Fault[] {
  return text === "" ? [{ propertyPath, reason: "must not be empty" }] : [];
}

/** A fault where the text is known and isn't an http or https address. */
export function urlFaults(propertyPath: string, url: pulumi.Input<string>): Fault[] {
  if (typeof url !== "string" || (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) return [];
  return [{ propertyPath, reason: `${JSON.stringify(url)} must be an http:// or https:// address` }];
}

/** A fault where the text is known and isn't one of InfluxDB's ids: 16 hexadecimal digits. */
export function idFaults(propertyPath: string, id: pulumi.Input<string>, source: string): Fault[] {
  if (typeof id !== "string" || /^[0-9a-f]{16}$/.test(id)) return [];
  return [
    { propertyPath, reason: `${JSON.stringify(id)} must be an id of 16 hexadecimal digits: give ${source}` },
  ];
}
