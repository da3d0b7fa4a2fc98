import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { pattern, printed, type Step, tutorialSteps } from "../docs/tutorial";
import { freeBrokerPort, freePorts, projectRoot } from "./run";

/** In the order in which docs/README.md names them: the first leaves its pipeline up for the second. */
const tutorials = ["first-pipeline", "survive-a-broker", "add-a-topic", "add-an-alert", "refused-by-policy"];

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "weather-tutorials-"));
const clone = path.join(scratch, "clone");

const identity = { name: "A reader", email: "reader@example.org" };
/** What a reader's terminal has; npm doesn't repeat the command, and the state is in the clone. */
const terminal: NodeJS.ProcessEnv = {
  ...process.env,
  npm_config_loglevel: "silent",
  WEATHER_STATE: undefined,
  GIT_AUTHOR_NAME: identity.name,
  GIT_AUTHOR_EMAIL: identity.email,
  GIT_COMMITTER_NAME: identity.name,
  GIT_COMMITTER_EMAIL: identity.email,
};
let shell: ChildProcess;

function git(...args: string[]): void {
  execFileSync("git", args, { cwd: scratch, env: terminal, stdio: ["ignore", "ignore", "pipe"] });
}

/** A plain clone of the project as it stands now, committed or not, without touching the project's own repository. */
function cloneWorkingTree(): void {
  const origin = ["--git-dir", "origin.git", "--work-tree", projectRoot];
  git("init", "--quiet", "--bare", "origin.git");
  git(...origin, "add", "--all");
  git(...origin, "commit", "--quiet", "--message", "The working tree");
  git("clone", "--quiet", "origin.git", "clone");
  fs.symlinkSync(path.join(projectRoot, "node_modules"), path.join(clone, "node_modules"));
}

/** Ports of the test's own, so that a run of the user's on the default ones is left alone. */
async function choosePorts(): Promise<void> {
  const firstHostPort = await freeBrokerPort();
  const [influx, consumer] = await freePorts(2);
  for (const stack of ["dev", "mini"]) {
    const file = path.join(clone, `Pulumi.${stack}.yaml`);
    const { config } = parse(fs.readFileSync(file, "utf8")) as { config: Record<string, object> };
    const ports = {
      "weather:kafka": { firstHostPort },
      "weather:influxdb": { hostPort: influx },
      "weather:consumer": { hostPort: consumer },
    };
    for (const [section, settings] of Object.entries(ports))
      config[section] = { ...config[section], ...settings };
    fs.writeFileSync(file, stringify({ config }));
  }
  execFileSync("git", ["commit", "--quiet", "--all", "--message", "Ports of the test"], {
    cwd: clone,
    env: terminal,
  });
}

/** Has the one shell run a command; its code, and what it printed. */
function type(command: string): Promise<{ code: number; output: string }> {
  const end = `end-${Math.random().toString(36).slice(2)}`;
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const ended = new RegExp(`^([^]*)\n${end} (\\d+)\n$`).exec(output);
      if (!ended) return;
      shell.stdout?.off("data", read);
      shell.off("exit", gone);
      resolve({ output: ended[1] ?? "", code: Number(ended[2]) });
    };
    const gone = () => {
      reject(new Error(`the shell ended at "${command}":\n${output}`));
    };
    if (shell.exitCode !== null) {
      gone();
      return;
    }
    shell.stdout?.on("data", read);
    shell.once("exit", gone);
    // `$?` is the reader's: the last line leaves it as the command did.
    shell.stdin?.write(
      `{ ${command}\n} </dev/null 2>&1\nlast=$?; printf '\\n${end} %d\\n' $last; (exit $last)\n`,
    );
  });
}

/** Does a step, and holds what came of it against what is shown. A command may only fail where `echo $?` says so. */
async function take(step: Step, next: Step | undefined, where: string): Promise<void> {
  if (step.kind === "change") {
    execFileSync("git", ["apply"], { cwd: clone, input: step.patch });
    return;
  }
  const { code, output } = await type(step.command);
  const told = next?.kind === "command" && next.command === "echo $?";
  if (pattern(step.shown).test(printed(output)) && (told || code === 0)) return;
  throw new Error(
    `${where}:${step.line}: $ ${step.command}\nended with code ${code} and printed\n${output}\nbut what is shown is\n${step.shown.join("\n")}`,
  );
}

beforeAll(async () => {
  cloneWorkingTree();
  await choosePorts();
  shell = spawn("bash", ["--noprofile", "--norc"], {
    cwd: clone,
    env: terminal,
    stdio: ["pipe", "pipe", "inherit"],
  });
});

afterAll(async () => {
  for (const stack of ["dev", "mini"]) await type(`npm run down -- --stack ${stack} --volumes`);
  shell.stdin?.end();
  fs.rmSync(scratch, { recursive: true, force: true });
}, 120_000);

test("every tutorial is run", () => {
  const files = fs.readdirSync(path.join(projectRoot, "docs", "tutorials"));
  expect(files.sort()).toEqual(tutorials.map((name) => `${name}.md`).sort());
});

test.each(tutorials)(
  "%s",
  async (name) => {
    const file = path.join("docs", "tutorials", `${name}.md`);
    const steps = tutorialSteps(fs.readFileSync(path.join(clone, file), "utf8"));
    expect(steps.length).toBeGreaterThan(0);
    for (const [index, step] of steps.entries()) await take(step, steps[index + 1], file);
  },
  // The servers are built once into the cache; a cold machine needs minutes for that.
  40 * 60_000,
);
