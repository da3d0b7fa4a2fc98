import { pattern, printed, tutorialSteps } from "./tutorial";

const fence = "```";
const markdown = `# A tutorial

${fence}console
$ npm run up
   1.4 s  starting
...
up: 11 services

$ echo $?
0
${fence}

Then \`npm run down\`, which isn't run.

${fence}diff
--- a/x
+++ b/x
${fence}
`;

test("a command that shows nothing prints nothing", () => {
  expect(pattern([]).test(printed("\n"))).toBe(true);
  expect(pattern([]).test(printed("a\n"))).toBe(false);
});

test("commands with what they print, and changes, in order", () => {
  expect(tutorialSteps(markdown)).toEqual([
    {
      kind: "command",
      line: 4,
      command: "npm run up",
      shown: ["   1.4 s  starting", "...", "up: 11 services"],
    },
    { kind: "command", line: 9, command: "echo $?", shown: ["0"] },
    { kind: "change", line: 15, patch: "--- a/x\n+++ b/x\n" },
  ]);
});

test.each([
  [`${fence}sh\nnpm run up\n${fence}`, 'line 1: a tutorial\'s blocks are console or diff, not "sh"'],
  [
    `\n${fence}console\nup: 11 services\n${fence}`,
    'line 3: a console block begins with a command behind "$ "',
  ],
])("%j is refused", (text, message) => {
  expect(() => tutorialSteps(text)).toThrow(message);
});

test.each<[shown: string, output: string, same: boolean]>([
  ["up: 11 services", "up: 9 services", true],
  ["   1.4 s  starting", "  12.75 s  starting", true],
  ["weather  4  3  1,234", "weather   4      3         5", true],
  ["0 lost", "1 lost", false],
  ["0 lost", "0 lost, 3 doubled", false],
  ["cluster ... leads", "cluster a-b leads", true],
  ["a\n...\nd", "a\nb\nc\nd", true],
  ["a\n...\nd", "a\nd", true],
  ["a\n...\nd", "a\nb", false],
  ["a", "a  \n\n", true],
  ["a", "b\na", false],
  ["a\n...", "a\nb\nc", true],
  ["a.b", "axb", false],
  ["(1) [x] $y", "(1) [x] $y", true],
  ["...", "", true],
  ["a\n\nb", "a\n\nb", true],
])("shown %j, printed %j: %s", (shown, output, same) => {
  expect(pattern(shown.split("\n")).test(printed(output))).toBe(same);
});
