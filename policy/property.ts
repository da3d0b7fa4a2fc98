import * as sdk from "@pulumi/policy";

/** Stands for a value that isn't known before `pulumi up`. */
export const unknown: unique symbol = Symbol("unknown before pulumi up");
export type Unknown = typeof unknown;

type Settled =
  Unknown | string | number | boolean | null | undefined | Settled[] | { readonly [key: string]: Settled };

// The SDK exports both, but leaves them out of its type declarations.
const { unknownCheckingProxy, UnknownValueError } = sdk as unknown as {
  unknownCheckingProxy: (props: object) => object;
  UnknownValueError: new (sentinel: string, path: string[]) => Error;
};
export { unknownCheckingProxy, UnknownValueError };

/** How Pulumi marks a secret that reached us still wrapped: `{ [key]: signature, value }` (@pulumi/pulumi, runtime/rpc). */
const secretMark = {
  key: "4dabf18193072939515e22adb298388d",
  signature: "1b47061264138c4ac30d75fd1eb44270",
} as const;

/**
 * One property of a resource and where it stands: what is absent, what is unknown and what is there are told apart.
 *
 * The SDK throws at the first touch of an unknown value, and what stands beside it is never judged; here the unknown is a value.
 */
export class Property {
  private constructor(
    /** As one would write it in the program: `taskSpec.resources.limits.memoryBytes`. Empty for the resource itself. */
    readonly path: string,
    private readonly value: Settled,
  ) {}

  /** The inputs of a resource, proxied by the SDK or not. */
  static of(props: object): Property {
    return new Property("", settle(unknownCheckingProxy(props)));
  }

  /** A property that isn't there. */
  static absent(path: string): Property {
    return new Property(path, undefined);
  }

  get isUnknown(): boolean {
    return this.value === unknown;
  }

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** A property of this one; what is inside an unknown value is unknown too. */
  get(...keys: string[]): Property {
    const [key, ...rest] = keys;
    if (key === undefined) return this;
    const path = this.path === "" ? key : `${this.path}.${key}`;
    return new Property(path, this.isUnknown ? unknown : this.child(key)).get(...rest);
  }

  /** The elements of a list. An unknown list is one unknown element. */
  get items(): Property[] {
    if (this.isUnknown) return [this];
    if (!Array.isArray(this.value)) return [];
    return this.value.map((item, index) => new Property(`${this.path}[${index}]`, item));
  }

  /** The entries of a map. Empty where the map is absent or unknown. */
  get entries(): [key: string, value: Property][] {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) return [];
    return Object.keys(this.value).map((key) => [key, this.get(key)]);
  }

  /** A string, number or boolean as text; undefined where it is absent or something else. */
  get text(): string | Unknown | undefined {
    const { value } = this;
    if (value === unknown || typeof value === "string") return value;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }

  /** The same place with another text, as where an entry `KEY=value` is taken apart. */
  with(path: string, text: string | Unknown): Property {
    return new Property(path, text);
  }

  private child(key: string): Settled {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) return undefined;
    return this.value[key];
  }
}

function settle(value: unknown): Settled {
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) => read(value, String(index)));
  if (value instanceof Object) {
    if (read(value, secretMark.key) === secretMark.signature) return read(value, "value");
    return Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]));
  }
  return value as Settled;
}

function read(holder: object, key: string): Settled {
  try {
    return settle((holder as Record<string, unknown>)[key]);
  } catch (error) {
    if (error instanceof UnknownValueError) return unknown;
    throw error;
  }
}

/** A whole number in a text, or undefined where the text isn't one. */
export function wholeNumber(text: string): number | undefined {
  return /^\s*-?\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/** Parts of a comma-separated list, without blanks and empty parts. */
export function commaSeparated(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
