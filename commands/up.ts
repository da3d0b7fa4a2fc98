import * as fs from "node:fs";
import { stateFolder } from "../embedded/folder";
import { type SupervisorEvent } from "../embedded/supervisor";
import { UserError } from "../embedded/stack-config";
import { sources } from "../components/settings";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { prepareStack } from "./docker-stack";
import { forkTypeScript } from "./fork";
import { endInterruptedUpdate } from "./interrupted";
import { runningStack } from "./live/outputs";
import { renderFlow, renderMoving, renderStatus } from "./live/render";
import { stackStatus } from "./live/status";
import { Progress } from "./progress";
import { pulumi } from "./pulumi-cli";
import { passesShrinkGuard } from "./shrink-check";
import { chooseTarget } from "./target";

const usage =
  "npm run up [-- --stack dev] [--target docker|embedded] [--source simulate|seattle] [--set path=value] [--detach]";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    target: { type: "string" },
    source: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    detach: { type: "boolean", default: false },
  });
  const { target, reason } = chooseTarget(values.target);
  process.stdout.write(`Target: ${target} (${reason}). Stack: ${values.stack}.\n`);
  const overrides = Object.fromEntries(values.set.map(override));
  if (values.source !== undefined) {
    if (!sources.some((source) => source === values.source))
      throw new UserError(`--source must be ${sources.join(" or ")}, not ${JSON.stringify(values.source)}`);
    overrides["inject.source"] = values.source;
  }
  return target === "docker"
    ? upOnDocker(values.stack, overrides, values.detach)
    : upEmbedded(values.stack, overrides, values.detach);
});

/** `kafka.heapMiB=768` as path and value; the value is JSON where it can be read as such, else text. */
function override(text: string): [string, unknown] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new UserError(`--set wants path=value, such as kafka.heapMiB=768, not ${JSON.stringify(text)}`);
  const value = text.slice(at + 1);
  try {
    return [text.slice(0, at), JSON.parse(value)];
  } catch {
    return [text.slice(0, at), value];
  }
}

async function upOnDocker(
  stack: string,
  overrides: Record<string, unknown>,
  detach: boolean,
): Promise<number> {
  const configFile = prepareStack(stack, overrides);
  // What an interrupted one may have removed without noting it is found by looking.
  const refresh = (await endInterruptedUpdate(stack)) ? ["--refresh"] : [];
  if (!(await passesShrinkGuard(stack, configFile))) return 1;
  const up = ["up", "--yes", "--skip-preview", ...refresh, "--stack", stack, "--config-file", configFile];
  const code = await pulumi(up);
  if (code !== 0) return code;
  if (detach || !process.stdout.isTTY) {
    process.stdout.write(`${await status(stack)}\n`);
    return 0;
  }
  process.stdout.write("The containers go on after Ctrl-C; end them with `npm run down`.\n");
  const watching = watchFlow(stack);
  await new Promise<void>((resolve) =>
    process.once("SIGINT", () => {
      resolve();
    }),
  );
  watching.end();
  return 0;
}

async function upEmbedded(
  stack: string,
  overrides: Record<string, unknown>,
  detach: boolean,
): Promise<number> {
  const state = stateFolder(projectRoot, stack);
  fs.mkdirSync(state.root, { recursive: true, mode: 0o700 });
  const log = fs.openSync(state.log, "a");
  // A group of its own, so that Ctrl-C reaches this process alone, which passes it on.
  const child = forkTypeScript("embedded/main.ts", { detached: true, stdio: ["ignore", log, log, "ipc"] });
  fs.closeSync(log);
  const begun = Date.now();
  const progress = new Progress(process.stdout);
  let watching: { end(): void } | undefined;
  const interrupt = () => {
    watching?.end();
    process.stdout.write("\nEnding all services ...\n");
    child.kill("SIGTERM");
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);

  return new Promise((resolve) => {
    child.on("message", (event: SupervisorEvent) => {
      progress.show(event);
      if (event.kind === "failed") process.stderr.write(`${event.message}\n`);
      if (event.kind !== "up") return;
      void firstMessage(stack, begun).then((text) => {
        process.stdout.write(`\n${text}\n\n`);
        if (detach) {
          process.stdout.write(
            `It goes on in the background (process ${String(child.pid)}): npm run status, npm run logs -- NAME, npm run down\n`,
          );
          process.off("SIGINT", interrupt);
          process.off("SIGTERM", interrupt);
          child.send("detach", () => {
            resolve(0);
          });
        } else {
          process.stdout.write("Ctrl-C ends it.\n");
          watching = watchFlow(stack);
        }
      });
    });
    child.once("exit", (code, signal) => {
      watching?.end();
      if (signal)
        process.stderr.write(
          `The supervisor was ended by ${signal}; \`npm run down\` ends what it left behind.\n`,
        );
      resolve(code ?? 1);
    });
    child.send({ stack, overrides });
  });
}

/** Waits until the first message has gone all the way, half a minute at most, and shows the stack as it is then. Without inject none comes. */
async function firstMessage(stack: string, begun: number): Promise<string> {
  const running = await runningStack(stack);
  for (const deadline = Date.now() + 30_000; ;) {
    const now = await stackStatus(running);
    if ((now.flow.consumed ?? 0) > 0) {
      process.stdout.write(
        `${((Date.now() - begun) / 1_000).toFixed(1).padStart(6)} s  first message consumed\n`,
      );
      return renderStatus(now);
    }
    const injects = now.services.some(({ name }) => name.endsWith("-inject"));
    if (!injects || Date.now() > deadline) return renderStatus(now);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function status(stack: string): Promise<string> {
  return renderStatus(await stackStatus(await runningStack(stack)));
}

/** Shows topics and flow in place, anew every second, in a terminal; elsewhere the flow alone, in a line every ten seconds. */
function watchFlow(stack: string): { end(): void } {
  const live = process.stdout.isTTY;
  let ended = false;
  let linesShown = 0;
  const show = async () => {
    try {
      const status = await stackStatus(await runningStack(stack));
      if (ended) return;
      if (live) {
        const lines = renderMoving(status)
          .split("\n")
          // A line that wraps would take two of the lines that the next showing goes back over.
          .map((line) => line.slice(0, process.stdout.columns - 1));
        const back = linesShown > 0 ? `\x1b[${linesShown}A` : "";
        process.stdout.write(`${back}\x1b[J${lines.join("\n")}\n`);
        linesShown = lines.length;
      } else process.stdout.write(`${renderFlow(status)}\n`);
    } catch {
      // Between a stop and the end of this process there is nothing to read.
    }
    if (!ended) timer = setTimeout(() => void show(), live ? 1_000 : 10_000);
  };
  let timer = setTimeout(() => void show(), 0);
  return {
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
