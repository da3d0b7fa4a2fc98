import { execFile } from "node:child_process";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type Registration } from "../../embedded/program";

interface Result {
  outputs?: Record<string, unknown>;
  message?: string;
  errors?: unknown;
  registrations: Registration[];
  leftListeners: number;
}

const tsx = require.resolve("tsx/cli");

function run(program: string, mode: "plan" | "realise" = "realise", broken = ""): Promise<Result> {
  const words = ["run", program].map((name) => path.join(__dirname, "programs", `${name}.ts`));
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [tsx, ...words, mode, broken],
      { timeout: 30_000 },
      (error, stdout, stderr) => {
        const last = stdout.trim().split("\n").pop() ?? "";
        if (error) reject(new Error(`${error.message}\n${stderr}`));
        else resolve(JSON.parse(last) as Result);
      },
    );
  });
}

const urn = (type: string, name: string) => `urn:pulumi:dev::weather::${type}::${name}`;
const password = "random:index/randomPassword:RandomPassword";
const bytes = "random:index/randomBytes:RandomBytes";
const limitMs = 30_000;

test(
  "resources are handed over in order, with parent, dependencies and protection; outputs come resolved",
  async () => {
    const { registrations, outputs, leftListeners } = await run("small");
    const parent = urn("pulumi:pulumi:Stack$test:index:Group", "g");
    expect(registrations.filter(({ type }) => !type.startsWith("pulumi:"))).toEqual([
      expect.objectContaining({ type: "test:index:Group", name: "g", custom: false, urn: parent }),
      expect.objectContaining({
        ...{ type: password, name: "g-password", custom: true, protect: true, parent },
        urn: urn(`test:index:Group$${password}`, "g-password"),
      }),
      expect.objectContaining({
        ...{ type: bytes, protect: false, parent },
        dependencies: [urn(`test:index:Group$${password}`, "g-password")],
        // Secrets in plain text.
        inputs: { length: 16, keepers: { from: "made up", token: "s3cret" } },
      }),
    ]);
    expect(outputs).toEqual({ length: 20, password: "made up", nested: { password: "is made up" } });
    expect(leftListeners).toBe(0);
  },
  limitMs,
);

test(
  "in a plan what isn't known yet stands as the sentinel that policies know",
  async () => {
    const { registrations } = await run("small", "plan");
    expect(registrations.find(({ type }) => type === bytes)?.inputs).toEqual({
      length: 16,
      keepers: { from: pulumi.runtime.unknownValue, token: "s3cret" },
    });
  },
  limitMs,
);

test(
  "what a program throws is thrown with all its paths, and ends nothing but the run",
  async () => {
    expect(await run("refused")).toMatchObject({
      message: "The thing can't be declared as written",
      errors: [{ propertyPath: "a", reason: "too much" }],
      leftListeners: 0,
    });
  },
  limitMs,
);

test(
  "a resource that can't be made ends the run with its own error",
  async () => {
    const { message, registrations, leftListeners } = await run("small", "realise", "g-password");
    expect(message).toBe("no g-password today");
    expect(registrations.map(({ type }) => type)).not.toContain(bytes);
    expect(leftListeners).toBe(0);
  },
  limitMs,
);

test(
  "a function that only Pulumi's engine can answer is named",
  async () => {
    const { message } = await run("calling");
    expect(message).toContain("the program calls random:index:ask, which only Pulumi's engine can answer");
  },
  limitMs,
);
