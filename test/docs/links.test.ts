import * as fs from "node:fs";
import * as path from "node:path";
import { code, documents, projectRoot, prose } from "./markdown";

/** The anchors that a Markdown file's headings have on a git host: in small letters, without punctuation, spaces as dashes. */
function anchors(text: string): string[] {
  return [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

test.each(documents())("the links of $file lead somewhere", ({ file, text }) => {
  const broken = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^https?:/.test(target)) return [];
    const [to = "", anchor] = target.split("#");
    const found = to === "" ? file : path.join(path.dirname(file), to);
    const absolute = path.join(projectRoot, found);
    if (!fs.existsSync(absolute)) return [`${target}: there is no ${found}`];
    if (anchor === undefined || anchors(fs.readFileSync(absolute, "utf8")).includes(anchor)) return [];
    return [`${target}: no heading of ${found}`];
  });
  expect(broken).toEqual([]);
});

test.each(documents())("the files that $file names are there", ({ file, text }) => {
  const named = code(text).spans.filter((span) =>
    /^(apps|commands|components|docs|embedded|examples|policy|test|\.ci|\.github)\/[\w./-]*\w$/.test(span),
  );
  const absent = named.filter(
    (name) =>
      !fs.existsSync(path.join(projectRoot, name)) &&
      !fs.existsSync(path.join(projectRoot, path.dirname(file), name)),
  );
  expect(absent).toEqual([]);
});
