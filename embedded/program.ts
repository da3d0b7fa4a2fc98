import { createRequire } from "node:module";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registers it. Unknown values are the runtime's sentinel text; secrets stand in plain text. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** URN of the component that holds it. */
  parent: string;
  /** URNs it waits for. */
  dependencies: string[];
  /** `urn::id` of its explicit provider, or empty. */
  provider: string;
  /** False for components, which have no life of their own. */
  custom: boolean;
  protect: boolean;
}

/** What became of a registered resource. */
export interface Realised {
  id: string | undefined;
  /** Its outputs; the inputs are among them. */
  state: Record<string, unknown>;
}

/** What the Pulumi runtime needs to know to evaluate a program. */
export interface ProgramOptions {
  project: string;
  stack: string;
  /** Configuration by full key (`project:key`); objects as JSON text, as Pulumi's own engine hands them over. */
  config: Record<string, string>;
  /** Path of the program's entry, such as `<project>/index.ts`. */
  entry: string;
  /** `plan` leaves outputs unknown and touches nothing; `realise` waits for every resource to be made. */
  mode: "plan" | "realise";
  /** Called for each resource once all it depends on is done. */
  register: (registration: Registration) => Promise<Realised>;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getCustom(): boolean;
  getProtect(): boolean | undefined;
  getDependenciesList(): string[];
}

/**
 * Installs Pulumi's own in-process monitor, and listens in on it for what its interface leaves out: parent, protection, order.
 */
async function installMonitor(options: ProgramOptions, fail: (error: unknown) => void): Promise<void> {
  const requests = new Map<string, RegisterRequest>();
  const mocks: pulumi.runtime.Mocks = {
    call: ({ token }) => {
      const error = new Error(`the program calls ${token}, which only Pulumi's engine can answer`);
      // The SDK passes on a failure of a call without its message.
      fail(error);
      throw error;
    },
    newResource: ({ type, name, inputs, provider, custom }) => {
      const request = requests.get(`${type}::${name}`);
      const parent = request?.getParent() ?? "";
      return options.register({
        urn: urnOf(options, parent, type, name),
        type,
        name,
        inputs: withSentinels(inputs) as Record<string, unknown>,
        parent,
        dependencies: request?.getDependenciesList() ?? [],
        provider: provider ?? "",
        custom: custom ?? false,
        protect: request?.getProtect() ?? false,
      });
    },
  };
  await pulumi.runtime.setMocks(mocks, options.project, options.stack, options.mode === "plan");
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: RegisterRequest, callback: unknown): Promise<void>;
  };
  const registerResource = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    requests.set(`${request.getType()}::${request.getName()}`, request);
    return registerResource(request, callback);
  };
}

/** Unknown values as the sentinel text in which they travel to Pulumi's engine, which policies know; secrets taken out of their wrapping. */
function withSentinels(value: unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) return withSentinels(pulumi.runtime.unwrapRpcSecret(value));
  if (pulumi.isUnknown(value)) return pulumi.runtime.unknownValue;
  if (Array.isArray(value)) return value.map(withSentinels);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSentinels(item)]));
  }
  return value;
}

/** The URN that the monitor gives: `parentType$type`, one level deep. */
function urnOf(options: ProgramOptions, parent: string, type: string, name: string): string {
  const parentType = parent.split("::")[2]?.split("$").pop();
  return `urn:pulumi:${options.stack}::${options.project}::${parentType ? `${parentType}$${type}` : type}::${name}`;
}

/**
 * Evaluates a Pulumi program in this process and returns its stack outputs, resolved.
 *
 * @throws whatever the program throws (such as pulumi.InputPropertiesError), or what `register` threw for a resource.
 */
export async function runProgram(options: ProgramOptions): Promise<Record<string, unknown>> {
  pulumi.runtime.setAllConfig(options.config, []);
  // A resource that fails is logged by the SDK, whose own bookkeeping then goes on: the first failure is what ends the run here.
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => (fail = reject));
  const register = async (registration: Registration) => {
    try {
      return await options.register(registration);
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  await installMonitor({ ...options, register }, fail);

  const entry = require.resolve(path.resolve(options.entry));
  // Evaluated anew each time: a plan comes before the real run, and a module is otherwise evaluated only once.
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
  delete require.cache[entry];

  // What rejects inside the SDK is out of reach of the promise awaited here.
  const onRejection = (error: unknown) => {
    fail(error);
  };
  process.on("unhandledRejection", onRejection);
  // The SDK keeps the stack of every promise it makes; to look each up in the source maps took a fifth of the time of a plan.
  const { sourceMapsEnabled } = process;
  process.setSourceMapsEnabled(false);
  try {
    const run = async () => {
      const outputs = await pulumi.runtime.runInPulumiStack(() =>
        Promise.resolve(createRequire(entry)(entry) as Record<string, unknown>),
      );
      await pulumi.runtime.disconnect();
      return resolved(outputs ?? {});
    };
    return await Promise.race([run(), failed]);
  } finally {
    process.setSourceMapsEnabled(sourceMapsEnabled);
    // Node tells of a rejection that nobody waits for only after this turn: what follows from a program's failure ended the process.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onRejection);
  }
}

async function resolved(outputs: Record<string, unknown>): Promise<Record<string, unknown>> {
  const entries = Object.entries(outputs).map(async ([key, value]) => {
    const output = pulumi.output(value) as unknown as { promise(): Promise<unknown> };
    return [key, await output.promise()] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
