import * as pulumi from "@pulumi/pulumi";

/** A resource as a program declares it to Pulumi's own in-process monitor; other resources stand by `<type> <name>`. */
export interface Declared {
  /** Last part of the type and the name: `Container kafka-kafka1-container`. */
  label: string;
  type: string;
  name: string;
  /** Secrets are wrapped in {@link Secret}. */
  inputs: Record<string, unknown>;
  parent: string;
  dependencies: string[];
  /** Label of the explicit provider, or empty. */
  provider: string;
  protect: boolean;
}

/** A value that Pulumi keeps encrypted. */
export class Secret {
  constructor(readonly value: unknown) {}
}

interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getProtect(): boolean;
  getDependenciesList(): string[];
}

/** The text that a random or dynamic resource makes up: recognisable wherever it turns up. */
export const madeUp = (name: string) => `made-up-by-${name}`;

const label = (type: string, name: string) => `${type.split(/[:$]/).pop() ?? ""} ${name}`;

function labelOf(urn: string): string {
  const [, , type = "", name = ""] = urn.replace("urn:pulumi:", "").split("::");
  return urn === "" ? "" : label(type, name);
}

function unwrapped(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return new Secret(unwrapped(pulumi.runtime.unwrapRpcSecret(value)));
  if (Array.isArray(value)) return value.map(unwrapped);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrapped(item)]));
  return value;
}

/** The value without what marks secrets. */
export function plain(value: unknown): unknown {
  if (value instanceof Secret) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

/** What the providers of these tests know to be made of a resource. */
function stateOf(type: string, name: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const text = pulumi.secret(madeUp(name));
  const id = "0123456789abcdef";
  switch (type.split(":").pop()) {
    case "RandomPassword":
      return { ...inputs, result: text };
    case "RandomBytes":
      // 16 bytes whose base64 has a plus, a slash and padding.
      return { ...inputs, base64: pulumi.secret("++//ABCDEFGHIJKLMNOPQw=="), hex: text };
    case "PrivateKey":
      return { ...inputs, privateKeyPem: text, privateKeyPemPkcs8: text };
    case "CertRequest":
      return { ...inputs, certRequestPem: `request of ${name}` };
    case "SelfSignedCert":
    case "LocallySignedCert":
      return { ...inputs, certPem: `certificate of ${name}` };
    case "Token":
      return { ...inputs, token: text, tokenId: id };
    default:
      return { ...inputs, bucketId: id, remoteId: id, checkId: id, endpointId: id, orgId: id };
  }
}

/** Everything that was declared, in the order in which Pulumi came to it. */
export class Declarations {
  constructor(readonly all: readonly Declared[]) {}

  /** The one resource of that label. @throws Error where there is none, with what there is. */
  readonly get = (wanted: string): Declared => {
    const found = this.all.find((one) => one.label === wanted);
    if (!found) throw new Error(`no ${wanted}; there are:\n${this.all.map((one) => one.label).join("\n")}`);
    return found;
  };

  /** All of a kind, such as `Container`. */
  readonly ofKind = (kind: string): Declared[] => {
    return this.all.filter(({ type }) => type.split(":").pop() === kind);
  };

  /** Whether a resource comes only after another: through what it depends on, or what its parent does. */
  isAfter(later: string, earlier: string, seen = new Set<string>()): boolean {
    if (seen.has(later)) return false;
    seen.add(later);
    const found = this.all.find((one) => one.label === later);
    if (!found) return false;
    return [...found.dependencies, found.parent, found.provider].some(
      (one) => one === earlier || (one !== "" && this.isAfter(one, earlier, seen)),
    );
  }
}

/** Runs a program against Pulumi's in-process monitor, and returns what it declared. */
export async function declared(program: () => unknown, stack = "test"): Promise<Declarations> {
  const requests = new Map<string, Request>();
  const all: Declared[] = [];
  await pulumi.runtime.setMocks(
    {
      call: ({ token }) => {
        throw new Error(`the program calls ${token}`);
      },
      newResource: ({ type, name, inputs, provider }) => {
        const request = requests.get(label(type, name));
        all.push({
          ...{ label: label(type, name), type, name },
          inputs: unwrapped(inputs) as Record<string, unknown>,
          parent: labelOf(request?.getParent() ?? ""),
          dependencies: (request?.getDependenciesList() ?? []).map(labelOf),
          provider: labelOf(provider ?? ""),
          protect: request?.getProtect() ?? false,
        });
        return { id: `${name}-id`, state: stateOf(type, name, inputs as Record<string, unknown>) };
      },
    },
    "weather",
    stack,
    false,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Request, callback: unknown): Promise<void>;
  };
  const registerResource = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    requests.set(label(request.getType(), request.getName()), request);
    return registerResource(request, callback);
  };
  program();
  await pulumi.runtime.disconnect();
  return new Declarations(all);
}

/** What an output holds. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
