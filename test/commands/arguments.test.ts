import { execFile } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { describeError, projectRoot, readArguments } from "../../commands/arguments";
import { UserError } from "../../embedded/stack-config";

const { argv } = process;
afterEach(() => {
  process.argv = argv;
  jest.restoreAllMocks();
});

const usage = "npm run thing -- [--stack NAME] [--fast]";
const options = { stack: { type: "string", default: "dev" }, fast: { type: "boolean" } } as const;

function read(...words: string[]) {
  process.argv = ["node", "thing.ts", ...words];
  return readArguments(usage, options);
}

test("options and words are read, with their defaults", () => {
  expect(read("kafka1", "--stack", "prod", "--fast")).toMatchObject({
    values: { stack: "prod", fast: true },
    positionals: ["kafka1"],
  });
  expect(read().values.stack).toBe("dev");
});

test.each([[["--stak", "dev"]], [["--stack"]], [["--fast=no"]]])("%j is refused with the usage", (words) => {
  const refused = () => read(...words);
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(`\nUsage: ${usage}`);
});

test("help is printed, and the process ends well", () => {
  const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
  const exit = jest.spyOn(process, "exit").mockImplementation(() => {
    throw new Error("exit");
  });
  expect(() => read("--help")).toThrow();
  expect(written).toHaveBeenCalledWith(`${usage}\n`);
  expect(exit).toHaveBeenCalledWith(0);
});

test("a mistake of the user's is shown as its message; a mistake of ours with where it is", () => {
  expect(describeError(new UserError("there is no stack x"))).toBe("there is no stack x");
  expect(describeError(new pulumi.RunError("refused"))).toBe("refused");
  expect(
    describeError(
      new pulumi.InputPropertiesError({
        message: "two faults",
        errors: [{ propertyPath: "a", reason: "b" }],
      }),
    ),
  ).toBe("two faults");
  expect(describeError(new TypeError("x is undefined"))).toMatch(/^TypeError: x is undefined\n {4}at /);
  expect(describeError("text")).toBe("text");
});

test.each<[what: string, command: string, code: number, length: number, message: string]>([
  ["ends well though a timer still runs", "setTimeout(() => {}, 60_000); return 0;", 0, 0, ""],
  ["says much", 'process.stdout.write("x".repeat(3_000_000)); return 3;', 3, 3_000_000, ""],
  ["fails by the user's mistake", 'throw new UserError("no such stack");', 1, 0, "no such stack\n"],
])(
  "a command that %s ends at once with its code, and is heard to the end",
  async (_what, command, code, length, message) => {
    const source = `
      const { runCommand } = require("./commands/arguments");
      const { UserError } = require("./embedded/stack-config");
      runCommand(async () => { ${command} });`;
    const args = [require.resolve("tsx/cli"), "--eval", source];
    const options = { cwd: projectRoot, timeout: 30_000, maxBuffer: 16 * 1024 * 1024 };
    const ended = await new Promise<[code: unknown, length: number, message: string]>((resolve) => {
      execFile(process.execPath, args, options, (error, stdout, stderr) => {
        resolve([error === null ? 0 : error.code, stdout.length, stderr]);
      });
    });
    expect(ended).toEqual([code, length, message]);
  },
  30_000,
);
