import {
  durationForm,
  durationMs,
  durationSeconds,
  goDuration,
  tryDurationMs,
} from "../../components/duration";

test.each([
  ["1 millisecond", 1],
  ["250 milliseconds", 250],
  ["1 second", 1_000],
  ["30 seconds", 30_000],
  ["5 minutes", 300_000],
  ["36 hours", 129_600_000],
  ["7 days", 604_800_000],
  ["1 week", 604_800_000],
])("%s is %d ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each([
  "",
  "30",
  "seconds",
  "0 seconds",
  "-1 seconds",
  "1.5 hours",
  "01 second",
  "1  second",
  " 1 second",
  "1 second ",
  "1 Second",
  "2 months",
  "1e3 seconds",
  "7d",
])("%j is no duration", (text) => {
  expect(tryDurationMs(text)).toBeUndefined();
  expect(() => durationMs(text)).toThrow(
    new RangeError(
      `${JSON.stringify(text)} must be a whole number and a unit, such as "30 seconds", "5 minutes" or "7 days"`,
    ),
  );
});

test("the examples of the error message are durations themselves", () => {
  const examples = [...durationForm.matchAll(/"([^"]+)"/g)].map(([, example]) => example ?? "");
  expect(examples.map(tryDurationMs)).toEqual([30_000, 300_000, 604_800_000]);
});

test.each([
  ["1 millisecond", 1],
  ["1000 milliseconds", 1],
  ["1001 milliseconds", 2],
  ["2 minutes", 120],
])("%s is %d whole seconds", (text, seconds) => {
  expect(durationSeconds(text)).toBe(seconds);
});

// As Go's time.Duration.String() prints them.
test.each([
  ["250 milliseconds", "250ms"],
  ["1500 milliseconds", "1.5s"],
  ["5 seconds", "5s"],
  ["60 seconds", "1m0s"],
  ["90 seconds", "1m30s"],
  ["1 hour", "1h0m0s"],
  ["3601 seconds", "1h0m1s"],
  ["7 days", "168h0m0s"],
])("Docker gives %s back as %s", (text, go) => {
  expect(goDuration(text)).toBe(go);
});
