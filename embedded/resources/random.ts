import { randomBytes, randomInt } from "node:crypto";
import { type Realised, type Registration } from "../program";
import { type ResourceStore } from "./store";

const alphabets = {
  lower: "abcdefghijklmnopqrstuvwxyz",
  upper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  numeric: "0123456789",
  special: "!@#$%&*()-_=+[]{}<>:?",
} as const;

/** Makes a resource of @pulumi/random once and keeps it; made anew where its arguments changed. */
export function realiseRandom({ urn, type, name, inputs }: Registration, store: ResourceStore): Realised {
  const before = store.get(urn);
  if (before && JSON.stringify(before.state["keptFor"]) === JSON.stringify(inputs)) return before;
  const realised = { id: name, state: { ...inputs, ...generate(type, inputs), keptFor: inputs } };
  store.set(urn, realised);
  return realised;
}

function generate(type: string, inputs: Record<string, unknown>): Record<string, unknown> {
  const length = inputs["length"] as number;
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
    case "random:index/randomString:RandomString": {
      const kinds = (Object.keys(alphabets) as (keyof typeof alphabets)[]).filter(
        (kind) => inputs[kind] !== false,
      );
      const pick = (from: string) => from.charAt(randomInt(from.length));
      const all = kinds.map((kind) => alphabets[kind]).join("");
      // One of each kind, then any; shuffled, so that the kinds' order doesn't show.
      const characters = [
        ...kinds.map((kind) => pick(alphabets[kind])),
        ...Array.from({ length: length - kinds.length }, () => pick(all)),
      ];
      for (let last = characters.length - 1; last > 0; last--) {
        const other = randomInt(last + 1);
        [characters[last], characters[other]] = [characters[other] ?? "", characters[last] ?? ""];
      }
      return { result: characters.join("") };
    }
    case "random:index/randomBytes:RandomBytes": {
      const bytes = randomBytes(length);
      return { base64: bytes.toString("base64"), hex: bytes.toString("hex") };
    }
    default:
      throw new Error(`the embedded run has no ${type}`);
  }
}
