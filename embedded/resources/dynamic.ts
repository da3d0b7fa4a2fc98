import Module from "node:module";
import * as path from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { type Realised, type Registration } from "../program";
import { type ResourceStore } from "./store";

type Provider = pulumi.dynamic.ResourceProvider<Record<string, unknown>, Record<string, unknown>>;

const providers = new Map<string, Provider>();

/** The provider that a dynamic resource carries as source text: the same code that Pulumi's own provider host runs. */
function providerOf(source: string, projectRoot: string): Provider {
  const known = providers.get(source);
  if (known) return known;
  const file = path.join(projectRoot, "dynamic-provider.js");
  const module = new Module(file);
  module.paths = (Module as unknown as { _nodeModulePaths(folder: string): string[] })._nodeModulePaths(
    projectRoot,
  );
  (module as unknown as { _compile(source: string, file: string): void })._compile(source, file);
  const provider = (module.exports as { handler: () => Provider }).handler();
  providers.set(source, provider);
  return provider;
}

/** Whether a type is a dynamic resource's. */
export function isDynamic(type: string): boolean {
  return type.startsWith("pulumi-nodejs:dynamic");
}

/**
 * Makes a dynamic resource what the program says, by its own provider: created where there is none, read and then updated or
 * replaced where an earlier run left one.
 */
export async function realiseDynamic(
  registration: Registration,
  inputs: Record<string, unknown>,
  store: ResourceStore,
  projectRoot: string,
): Promise<Realised> {
  const { __provider: source, ...props } = inputs;
  const provider = providerOf(String(source), projectRoot);
  const make = async (): Promise<Realised> => {
    const { id, outs } = await provider.create(props);
    return { id, state: { ...props, ...outs } };
  };

  // What can't be read is no thing of its own but a wait, such as a gate: it's gone through at every start.
  if (!provider.read) return make();

  const before = store.get(registration.urn);
  const found = before?.id !== undefined ? await provider.read(before.id, before.state) : before;
  const id = found?.id;
  let now: Realised;
  if (before === undefined || id === undefined || id === "") {
    now = await make();
  } else {
    const olds = { ...before.state, ...(found && "props" in found ? found.props : {}) };
    const { changes, replaces } = (await provider.diff?.(id, olds, props)) ?? {};
    if (replaces && replaces.length > 0) {
      await provider.delete?.(id, olds);
      now = await make();
    } else if (changes === false) {
      now = { id, state: olds };
    } else {
      const updated = await provider.update?.(id, olds, props);
      now = { id, state: updated?.outs ? { ...props, ...updated.outs } : { ...olds, ...props } };
    }
  }
  store.set(registration.urn, now);
  return now;
}
