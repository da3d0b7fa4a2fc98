import * as fs from "node:fs";
import { supervisorStatus } from "../embedded/control";
import { stateFolder } from "../embedded/folder";
import { UserError } from "../embedded/stack-config";
import { projectRoot, readArguments, runCommand } from "./arguments";
import { type DeployedContainer, deployedContainers } from "./deployed";
import { dockerConfigFile, prepareStack } from "./docker-stack";
import { endInterruptedUpdate } from "./interrupted";
import { act } from "./live/act";
import { brokerAnswers, brokersOf, obstaclesToWhole } from "./live/brokers";
import { docker } from "./live/docker";
import { runningStack, type RunningStack } from "./live/outputs";
import { services } from "./live/services";
import { enginePlan } from "./preview-plan";
import { pulumi, stackExists } from "./pulumi-cli";
import { missingForDocker } from "./target";

const usage = `npm run heal [-- --stack dev]

Brings back what is dead and repairs what was removed, and touches nothing else.`;

/** A dead broker's session ends after 4 s; the rest is for a machine that is busy. */
const noticedWithinMs = 30_000;
/** How long what was brought back may take to be well. */
const wellWithinMs = 180_000;
/** Tries at `pulumi up --refresh`. */
const tries = 3;

const say = (line: string) => process.stdout.write(`${line}\n`);

runCommand(async () => {
  const { values } = readArguments(usage, { stack: { type: "string", default: "dev" } });
  const { stack } = values;
  const embedded = (await supervisorStatus(stateFolder(projectRoot, stack).socket)) !== undefined;
  if (embedded) return healEmbedded(await runningStack(stack));
  if (missingForDocker().length > 0 || !stackExists(stack))
    throw new UserError(
      `The stack ${stack} isn't up. Bring it up, and end what a crash left behind, with: npm run up -- --stack ${stack}`,
    );
  return healDocker(stack);
});

async function healEmbedded(running: RunningStack): Promise<number> {
  const dead = (await services(running)).filter(({ state }) => state === "exited" || state === "restarting");
  for (const { name, state } of dead) {
    say(`${name} is ${state === "exited" ? "down" : "waiting for its restart"}: starting it`);
    await act(running, name, "start");
  }
  return conclude(
    running,
    dead.map(({ name }) => name),
  );
}

async function healDocker(stack: string): Promise<number> {
  const configFile = fs.existsSync(dockerConfigFile(stack))
    ? dockerConfigFile(stack)
    : prepareStack(stack, {});
  await endInterruptedUpdate(stack);
  const before = deployedContainers(stack);
  for (const { name, state } of before) if (state !== "running") say(`${name} is ${state}`);

  // A stopped container needs no more than a start, which also works when too few brokers are left for Pulumi to ask.
  const stopped = before.filter(({ state }) => state === "stopped");
  for (const { name } of stopped) {
    await docker(["start", name]).then(
      () => {
        say(`started ${name}`);
      },
      (error: unknown) => {
        say(`${error instanceof Error ? error.message : String(error)}; Pulumi will make it anew`);
      },
    );
  }

  const removed = before.filter(({ state }) => state === "removed");
  for (let tried = 1; ; tried++) {
    await untilSettled(stack, removed);
    const code = await repair(stack, configFile);
    if (code === 0) break;
    if (tried === tries) return code;
    say(`Trying again (${tried + 1} of ${tries}) ...`);
  }

  const after = new Map(deployedContainers(stack).map((container) => [container.name, container]));
  const changed = before.filter(({ name, id }) => after.get(name)?.id !== id).map(({ name }) => name);
  const untouched = before.length - new Set([...changed, ...stopped.map(({ name }) => name)]).size;
  for (const name of changed) say(`${name}: made anew, with its data`);
  say(`${untouched} containers were left as they are.`);
  const wronged = before.filter(({ name, state }) => state === "running" && changed.includes(name));
  if (wronged.length > 0) {
    say(`Also replaced, though nothing was wrong with it: ${wronged.map(({ name }) => name).join(", ")}`);
    return 1;
  }
  return conclude(await runningStack(stack), [...stopped.map(({ name }) => name), ...changed]);
}

/**
 * Waits until the brokers that are left have noticed which are gone, and those that were started are back.
 *
 * Before that the metadata names a broker that isn't there, and the Kafka provider fails on dialling it.
 */
async function untilSettled(stack: string, removed: readonly DeployedContainer[]): Promise<void> {
  const running = await runningStack(stack);
  const brokers = brokersOf(running.outputs);
  const gone = brokers.filter(({ service }) => removed.some(({ name }) => name === service));
  const isGone = (id: number) => gone.some((broker) => broker.id === id);
  const begun = Date.now();
  for (const deadline = begun + (gone.length < brokers.length ? noticedWithinMs : 0); ;) {
    const answers = await brokerAnswers(running.outputs);
    const settled = answers.every((answer, index) => {
      if (isGone(index + 1)) return true;
      const right = brokers.length - gone.length;
      return (
        "view" in answer &&
        answer.view.quorum.leader >= 0 &&
        answer.view.brokers.length === right &&
        !answer.view.brokers.some(isGone)
      );
    });
    if (settled || Date.now() >= deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  if (gone.length > 0) say(`The cluster noticed after ${((Date.now() - begun) / 1_000).toFixed(1)} s.`);
}

/** `pulumi up --refresh`, where its plan only repairs. */
async function repair(stack: string, configFile: string): Promise<number> {
  const plan = await enginePlan({ stack, configFile, withPolicies: false, refresh: true });
  const beyond = plan.steps.filter(({ op }) => op === "replace" || op === "delete");
  if (beyond.length > 0)
    throw new UserError(
      `Nothing was repaired: \`pulumi up --refresh\` would also replace or delete ${beyond.map(({ name }) => name).join(", ")}. ` +
        `The program or its configuration has changed since the last \`up\`: look at it with \`npm run preview -- --stack ${stack}\`, and deploy it with \`npm run up\`.`,
    );
  if (plan.errors.length > 0) {
    say(plan.errors.join("\n"));
    return 1;
  }
  const repairs = plan.steps.filter(({ op }) => op === "create" || op === "update");
  if (repairs.length === 0) return 0;
  say(`Repairing: ${repairs.map(({ name }) => name).join(", ")}`);
  return pulumi([
    "up",
    "--refresh",
    "--yes",
    "--skip-preview",
    "--stack",
    stack,
    "--config-file",
    configFile,
  ]);
}

/** Waits until all is well, and says what was brought back. */
async function conclude(running: RunningStack, repaired: readonly string[]): Promise<number> {
  const wrong = async () => [
    ...(await services(running)).flatMap(({ name, state, healthy }) =>
      state !== "running" ? [`${name} is ${state}`] : healthy === false ? [`${name} is not healthy`] : [],
    ),
    ...(await obstaclesToWhole(running.outputs)),
  ];
  let found = await wrong();
  for (const deadline = Date.now() + wellWithinMs; found.length > 0 && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    found = await wrong();
  }
  if (found.length > 0) {
    say(
      `Still not well:\n${found.map((line) => `  ${line}`).join("\n")}\nIts log says why: npm run logs -- NAME`,
    );
    return 1;
  }
  say(
    repaired.length > 0
      ? `Brought back: ${repaired.join(", ")}. Every service is healthy and every replica in sync.`
      : "Nothing was broken: every service is healthy and every replica in sync.",
  );
  return 0;
}
