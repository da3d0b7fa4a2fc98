import {
  durationOfFlux,
  durationOfSeconds,
  fluxDuration,
  fluxString,
} from "../../../components/influxdb/flux";

test.each([
  ["5s", "5 seconds"],
  ["1m10s", "70 seconds"],
  ["1h", "1 hour"],
  ["60m", "1 hour"],
  ["2w", "14 days"],
  ["0s", undefined],
  ["1mo", undefined],
  ["", undefined],
  [undefined, undefined],
])("the API's %s is %s", (text, expected) => {
  expect(durationOfFlux(text)).toBe(expected);
});

test.each([
  ["5 seconds", "5s"],
  ["2 minutes", "120s"],
  [undefined, "0s"],
])("%s is the API's %s", (duration, expected) => {
  expect(fluxDuration(duration)).toBe(expected);
});

test.each([
  [1, "1 second"],
  [90, "90 seconds"],
  [86_400, "1 day"],
  [604_800, "7 days"],
])("%d seconds are %s", (seconds, expected) => {
  expect(durationOfSeconds(seconds)).toBe(expected);
});

test("a Flux string holds quotes, backslashes and dollars as they are", () => {
  expect(fluxString('a"b\\c${d}')).toBe('"a\\"b\\\\c\\${d}"');
});
