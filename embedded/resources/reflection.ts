/*
 * @peculiar/x509 finds its own parts through tsyringe, which refuses to be loaded without a polyfill of Reflect's metadata. None of
 * these parts has a constructor with parameters to be injected, and metadata that isn't there is what it then finds with a whole polyfill too.
 */
Object.assign(Reflect, {
  getMetadata: (): undefined => undefined,
  getOwnMetadata: (): undefined => undefined,
});
