import { sumOfMetric } from "../../../commands/bench/program";

const text = `# HELP some_total Some.
# TYPE some_total counter
some_total{partition="0",what="messages"} 5
some_total{partition="1",what="messages"} 7
some_total{partition="1",what="duplicates"} 100
some_total_more 1000
alone 3
`;

test.each([
  ["some_total", "", 112],
  ["some_total", 'what="messages"', 12],
  ["alone", "", 3],
  ["absent", "", 0],
])("the sum of %s with %s", (name, label, sum) => {
  expect(sumOfMetric(text, name, label)).toBe(sum);
});
