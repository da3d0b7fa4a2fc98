/*
 * A tutorial as docs/README.md ("How the tutorials are written") tells the reader to read it: `console` blocks hold commands, each
 * behind "$ ", and what they print; `diff` blocks hold changes for `git apply`. No other block may stand in one, so that nothing is
 * shown that isn't run.
 */

/** One thing that the reader does. */
export type Step =
  | { kind: "change"; line: number; patch: string }
  | { kind: "command"; line: number; command: string; shown: string[] };

/**
 * The steps of a tutorial, in order.
 *
 * @throws Error that names the line of a block that is neither `console` nor `diff`, or begins without a command.
 */
export function tutorialSteps(markdown: string): Step[] {
  const blocks = markdown.matchAll(/^```(?<language>.*)\n(?<text>[^]*?)^```$/gm);
  return [...blocks].flatMap(({ groups, index }) => {
    const { language = "", text = "" } = groups ?? {};
    const line = markdown.slice(0, index).split("\n").length;
    if (language === "diff") return [{ kind: "change" as const, line, patch: text }];
    if (language !== "console")
      throw new Error(`line ${line}: a tutorial's blocks are console or diff, not "${language}"`);
    return commands(text, line);
  });
}

function commands(text: string, blockLine: number): Step[] {
  const steps: Extract<Step, { kind: "command" }>[] = [];
  for (const [index, shown] of text.replace(/\n$/, "").split("\n").entries()) {
    const line = blockLine + 1 + index;
    const last = steps.at(-1);
    // An empty line before the next command only keeps them apart.
    if (shown.startsWith("$ ") && last?.shown.at(-1) === "") last.shown.pop();
    if (shown.startsWith("$ ")) steps.push({ kind: "command", line, command: shown.slice(2), shown: [] });
    else if (last) last.shown.push(shown);
    else throw new Error(`line ${line}: a console block begins with a command behind "$ "`);
  }
  return steps;
}

/** Numbers of two digits and more, with thousands and fractions: they differ from run to run. */
const varying = /\d[\d,.]*\d/;

/**
 * What a printed text must look like to be the one shown: `...` is any text within a line, and any lines where it stands alone; each
 * number of two digits and more is any number; spaces count as one. All else is itself.
 */
export function pattern(shown: readonly string[]): RegExp {
  const lines = shown.map((line) => (line.trim() === "..." ? "(?:.*\n)*?" : `${linePattern(line)}\n`));
  return new RegExp(`^${lines.join("")}$`);
}

function linePattern(line: string): string {
  return line
    .trimEnd()
    .split(/(\.\.\.|\d[\d,.]*\d|\s+)/)
    .map((part, index) => {
      if (index % 2 === 0) return part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      if (part === "...") return ".*";
      return varying.test(part) ? "\\d[\\d,.]*" : " +";
    })
    .join("");
}

/** What was printed, in the form that {@link pattern} is for: every line ended, no line but spaces at its end, none empty at the end. */
export function printed(output: string): string {
  const lines = output.replace(/[^\S\n]+$/gm, "").replace(/\n+$/, "");
  return lines === "" ? "" : `${lines}\n`;
}
