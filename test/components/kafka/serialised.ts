import type * as pulumi from "@pulumi/pulumi";

/** A dynamic resource's provider out of the source text that Pulumi carries to its own provider host. */
export function loadProvider<Props>(source: unknown): pulumi.dynamic.ResourceProvider<Props, Props> {
  const module = { exports: {} as { handler?: () => pulumi.dynamic.ResourceProvider<Props, Props> } };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  new Function("exports", "require", String(source))(module.exports, require);
  if (!module.exports.handler) throw new Error("the text is no serialised provider");
  return module.exports.handler();
}
