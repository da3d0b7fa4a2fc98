import { spawnSync } from "node:child_process";
import { projectRoot, runCommand } from "./arguments";

/** The checker of GitHub's workflows, pinned; it comes through the Go module proxy. */
const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

runCommand(() => {
  if (spawnSync("go", ["version"], { stdio: "ignore" }).status !== 0) {
    process.stdout.write("The workflows weren't checked: actionlint needs Go, which isn't installed here.\n");
    return Promise.resolve(0);
  }
  const { status } = spawnSync("go", ["run", actionlint, "-color"], { cwd: projectRoot, stdio: "inherit" });
  return Promise.resolve(status ?? 1);
});
