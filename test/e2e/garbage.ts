import { type IHeaders } from "kafkajs";

/** A message that is none: what it looks like, and the reason its dead letter must give. */
export interface Garbage {
  kind: string;
  key: string | Buffer | null;
  value: string | Buffer | null;
  headers: IHeaders;
  reason: RegExp;
}

const good = { station: "garbage", temperature: 10, pressure: 1_000, wind: 3 };
const json = (change: object) => JSON.stringify({ ...good, time: new Date().toISOString(), ...change });
const current = { "schema-version": "1" };

const kinds: ((i: number) => Omit<Garbage, "kind">)[] = [
  () => ({ key: "garbage", value: "{not json", headers: current, reason: /^not JSON$/ }),
  () => ({ key: "garbage", value: "[1,2,3]", headers: current, reason: /^not a JSON object$/ }),
  () => ({
    key: "garbage",
    value: json({ temperature: "12" }),
    headers: current,
    reason: /^temperature: must be a number$/,
  }),
  () => ({
    key: "garbage",
    value: json({ wind: undefined }),
    headers: current,
    reason: /^wind: is missing$/,
  }),
  () => ({
    key: "garbage",
    value: json({ pressure: 5 }),
    headers: current,
    reason: /^pressure: 5 is outside/,
  }),
  (i) => ({
    key: "garbage",
    // A few as long as a broker takes, the others long enough to be refused unread.
    value: Buffer.alloc(i % 1_000 < 20 ? 1_000_000 : 50_000, "x"),
    headers: current,
    reason: /^the value has \d+ bytes, more than 16384$/,
  }),
  () => ({ key: "garbage", value: "", headers: current, reason: /^no value$/ }),
  () => ({ key: null, value: null, headers: {}, reason: /^no value$/ }),
  (i) => ({
    key: Buffer.from([0xff, 0xfe, i % 256]),
    value: Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 37 + i) % 256)),
    headers: {},
    reason: /^not JSON$/,
  }),
  () => ({ key: "other", value: json({}), headers: current, reason: /^key: must be the station/ }),
  () => ({
    key: "garbage",
    value: json({ time: new Date(Date.now() + 86_400_000).toISOString() }),
    headers: current,
    reason: /^time: lies \d+ s ahead of the clock/,
  }),
  () => ({
    key: "garbage",
    value: json({}),
    headers: { "schema-version": "0.9" },
    reason: /^schema-version: "0.9" is unknown, 0 and 1 are read here$/,
  }),
  () => ({
    key: "garbage",
    value: json({}),
    headers: { "schema-version": "7" },
    reason: /^schema-version: "7" is unknown, 0 and 1 are read here$/,
  }),
];

/** So many messages of garbage, of every kind in turn; each bears its number in the header `garbage`. */
export function* garbage(count: number): Generator<Garbage & { number: string }> {
  for (let i = 0; i < count; i++) {
    const kind = i % kinds.length;
    const made = (kinds[kind] as (typeof kinds)[number])(i);
    yield {
      ...made,
      kind: String(kind),
      number: String(i),
      headers: { ...made.headers, garbage: String(i) },
    };
  }
}
