import { choiceOf } from "../../../commands/bench/choice";
import { UserError } from "../../../embedded/stack-config";

const parts = ["producer", "consumer", "latency"];
const usual = { quick: false, write: false };

test("all parts, three rounds, printed", () => {
  expect(choiceOf(usual, parts)).toEqual({ names: parts, rounds: 3, out: undefined });
});

test("small sizes take one round", () => {
  expect(choiceOf({ ...usual, quick: true }, parts).rounds).toBe(1);
  expect(choiceOf({ ...usual, quick: true, rounds: "2" }, parts).rounds).toBe(2);
});

test("parts are taken in the order asked for, each once", () => {
  expect(choiceOf({ ...usual, only: "latency, producer,latency" }, parts).names).toEqual([
    "latency",
    "producer",
  ]);
});

test.each([
  [{ write: true }, "docs/benchmarks.md"],
  [{ write: true, out: "page.md" }, "page.md"],
  [{ out: "page.md" }, "page.md"],
  [{}, undefined],
])("%j writes to %s", (options, out) => {
  expect(choiceOf({ ...usual, ...options }, parts).out).toBe(out);
});

test.each([
  [{ only: "prodcuer,latency" }, /no part "prodcuer"; the parts are producer, consumer, latency/],
  [{ only: "" }, /no part ""/],
  [{ rounds: "0" }, /--rounds .* not "0"/],
  [{ rounds: "2.5" }, /--rounds .* not "2.5"/],
  [{ rounds: "many" }, /--rounds .* not "many"/],
  [{ write: true, quick: true }, /--write is for a real run/],
])("%j is refused", (options, message) => {
  const choose = () => choiceOf({ ...usual, ...options }, parts);
  expect(choose).toThrow(UserError);
  expect(choose).toThrow(message);
});
