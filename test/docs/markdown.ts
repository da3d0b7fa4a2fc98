import * as fs from "node:fs";
import * as path from "node:path";

export const projectRoot = path.resolve(__dirname, "../..");

/** A Markdown file of the project's. */
export interface Document {
  /** Relative to the project. */
  file: string;
  text: string;
}

const folders = ["docs", "policy", "examples"];

/** What a person reads: the files beside README.md, and those of the folders that have some. `docs/api` is generated, and checked by typedoc. */
export function documents(): Document[] {
  const below = folders.flatMap((folder) =>
    fs
      .readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .map((file) => path.join(folder, file))
      .filter((file) => !file.startsWith(path.join("docs", "api")) && !file.includes("node_modules")),
  );
  return [...fs.readdirSync(projectRoot), ...below]
    .filter((file) => file.endsWith(".md"))
    .map((file) => ({ file, text: fs.readFileSync(path.join(projectRoot, file), "utf8") }));
}

const fenced = /^( *)```.*\n([^]*?)^\1```$/gm;

/** The text without its blocks of code. */
export function prose(text: string): string {
  return text.replace(fenced, "");
}

/** Code as the reader sees it: each line of the blocks, and each span within the text. */
export function code(text: string): { lines: string[]; spans: string[] } {
  return {
    lines: [...text.matchAll(fenced)].flatMap(([, , block = ""]) => block.split("\n")),
    spans: [...prose(text).matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span.replace(/\s+/g, " ")),
  };
}
