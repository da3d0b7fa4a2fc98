import * as fs from "node:fs";
import * as path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type * as commandArguments from "../../commands/arguments";
import { code, documents, projectRoot } from "./markdown";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** `npm run NAME -- WORDS` as a document shows it. */
interface Shown {
  file: string;
  text: string;
  script: string;
  words: string[];
}

/** Every such command; it ends where a shell or a sentence goes on. */
function shownCommands(): Shown[] {
  return documents().flatMap(({ file, text }) => {
    const { lines, spans } = code(text);
    return [...lines, ...spans].flatMap((line) =>
      [...line.matchAll(/npm run (?:--silent )?([\w:-]+)((?:(?!, |[;|)[]|\s#|npm run).)*)/g)].map(
        ([whole, script = "", rest = ""]) => ({
          file,
          text: whole.trim(),
          script,
          words: [...rest.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word),
        }),
      ),
    );
  });
}

const { scripts } = JSON.parse(fs.readFileSync(path.join(projectRoot, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

interface Declared {
  usage: string;
  options: Options;
}

let read: (declared: Declared) => void;
jest.doMock("../../commands/arguments", () => ({
  ...jest.requireActual<typeof commandArguments>("../../commands/arguments"),
  readArguments: (usage: string, options: Options) => {
    read({ usage, options });
    throw new Error("read");
  },
  runCommand: (command: () => Promise<number>) => {
    void command().catch(() => undefined);
  },
}));

/** What a command reads its arguments with, told by the command itself: it is begun, and ended as soon as it reads them. */
function declared(script: string): Promise<Declared> {
  return new Promise((resolve, reject) => {
    read = resolve;
    import(path.join(projectRoot, "commands", script)).catch(reject);
  });
}

const shown = shownCommands();
const own = [...new Set(shown.map(({ script }) => script))]
  .filter((script) => scripts[script]?.startsWith("node commands/run.mjs "))
  .sort();

test("the documents show commands, and each is a script of package.json", () => {
  expect(shown.length).toBeGreaterThan(100);
  expect(shown.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
});

test("what a command is given stands behind --, where npm leaves it alone", () => {
  expect(shown.filter(({ words }) => words.length > 0 && words[0] !== "--")).toEqual([]);
});

/** `npm test` is shown as such, and the other is CI's. */
const notShown = ["test", "lint:workflows"];

test("every other command of this project's own is shown", () => {
  const commands = Object.keys(scripts).filter(
    (script) => scripts[script]?.startsWith("node commands/run.mjs ") && !notShown.includes(script),
  );
  expect(commands.filter((script) => !own.includes(script))).toEqual([]);
});

test.each(own)("npm run %s takes what it is shown with", async (script) => {
  const { usage, options } = await declared(script);
  const refused = shown
    .filter((command) => command.script === script)
    .flatMap(({ file, text, words }) => {
      const args = words.slice(1).filter((word) => word !== "--help");
      try {
        const { positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
        const verbs = positionals.slice(0, 2).filter((word) => /^[a-z-]+$/.test(word));
        // Where the usage lists verbs, the words shown must be among them.
        const known =
          !["kafka", "bed"].includes(script) || ` ${usage} `.match(new RegExp(` ${verbs.join(" ")}\\s`));
        return known ? [] : [`${file}: ${text}: no such verb`];
      } catch (error) {
        return [`${file}: ${text}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
  expect(refused).toEqual([]);
});
