import * as pulumi from "@pulumi/pulumi";
import { describeError, readArguments, runCommand } from "../../commands/arguments";
import { UserError } from "../../embedded/stack-config";

const { argv, exitCode } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = exitCode;
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

test.each<[what: string, command: () => Promise<number | undefined>, code: number, message: string]>([
  ["returns nothing", () => Promise.resolve(undefined), 0, ""],
  ["returns a code", () => Promise.resolve(3), 3, ""],
  ["fails", () => Promise.reject(new UserError("no such stack")), 1, "no such stack\n"],
])("a command that %s ends with code %#", async (_what, command, code, message) => {
  let written = "";
  jest.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
  runCommand(command);
  await new Promise((resolve) => setImmediate(resolve));
  expect([process.exitCode, written]).toEqual([code, message]);
});
