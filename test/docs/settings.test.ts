import * as fs from "node:fs";
import * as path from "node:path";
import { settingsPage } from "../../commands/settings-page";
import { settingsSchema } from "../../components/settings";
import { projectRoot } from "./markdown";

const committed = fs.readFileSync(path.join(projectRoot, "docs", "settings.md"), "utf8");

test("docs/settings.md is what `npm run docs` makes of the schema, the comments and the environments", () => {
  const stale = committed === settingsPage() ? "" : "renew docs/settings.md: npm run docs";
  expect(stale).toBe("");
});

test("it has every setting that has a default", () => {
  const leaves = (value: unknown, at: string): string[] =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, at === "" ? key : `${at}.${key}`))
      : [at];
  const settings = leaves(settingsSchema.parse({}), "");
  expect(settings.length).toBeGreaterThan(50);
  expect(settings.filter((setting) => !committed.includes(`| \`${setting}\` |`))).toEqual([]);
});
