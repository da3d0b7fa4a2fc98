import * as path from "node:path";
import { execFileSync } from "node:child_process";

const root = path.resolve(__dirname, "../..");

/** What the project's own rule says against each text as if it stood in its file. */
function complaints(texts: readonly { file: string; text: string }[]): string[][] {
  // In a process of its own: the configuration is a module that Jest's loader doesn't take. A rule of syntax needs no types.
  const script = `
    import { ESLint } from "eslint";
    import tseslint from "typescript-eslint";
    import config from "./eslint.config.mjs";
    const rules = config.filter((part) => part.rules?.["no-restricted-syntax"]);
    const eslint = new ESLint({
      overrideConfigFile: true,
      overrideConfig: [{ files: ["**/*.ts"], languageOptions: { parser: tseslint.parser } }, ...rules],
    });
    const results = [];
    for (const { file, text } of JSON.parse(process.argv[1]))
      results.push((await eslint.lintText(text, { filePath: file }))[0].messages.map(({ message }) => message));
    console.log(JSON.stringify(results));`;
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", script, JSON.stringify(texts)], {
    cwd: root,
    encoding: "utf8",
  });
  return JSON.parse(out) as string[][];
}

const waysAround = [
  "const producer = kafka.producer({ idempotent: true });",
  'await producer.send({ topic: "weather", messages: [] });',
  "await producer.sendBatch({ topicMessages: [] });",
  "const send = producer.sendBatch;",
];

test("no program and no command can send any way but the Sender's, and the Sender can", () => {
  const found = complaints([
    ...waysAround.map((text) => ({ file: "apps/producer/other.ts", text })),
    ...waysAround.map((text) => ({ file: "commands/other.ts", text })),
    { file: "apps/shared/sender.ts", text: waysAround.join("\n") },
    { file: "apps/producer/other.ts", text: 'await sender.send("weather", records); child.send({ stack });' },
  ]);
  const refused = [expect.stringMatching(/^Records are sent through apps\/shared\/sender.ts alone/)];
  expect(found).toEqual([
    ...waysAround.map((): unknown => refused),
    ...waysAround.map((): unknown => refused),
    [],
    [],
  ]);
});
