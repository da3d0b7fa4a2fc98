import * as fs from "node:fs";
import * as path from "node:path";
import { AddressBook } from "./containers/place";
import { type ContainerStatus } from "./containers/running";
import { containerSpec, type ContainerSpec } from "./containers/spec";
import { type ContainerAction, serveControl, supervisorStatus } from "./control";
import { driversFor } from "./drivers/drivers";
import { stateFolder, writePrivate } from "./folder";
import { policyViolations, violationText } from "./policy-check";
import { plan, type PlanOptions } from "./plan";
import { assertPortsFree } from "./ports";
import { ProcessBook } from "./processes";
import { runProgram } from "./program";
import { Realiser, types } from "./realise";
import { ResourceStore } from "./resources/store";
import { stackConfig, UserError } from "./stack-config";

/** What the supervisor tells whoever started it. */
export type SupervisorEvent =
  | { kind: "phase"; text: string }
  | { kind: "acquire"; item: string; phase: string; detail?: string }
  | { kind: "resource"; name: string; type: string; phase: "begin" | "done" | "left out"; durationMs: number }
  | { kind: "up"; outputs: Record<string, unknown>; services: ContainerStatus[]; leftOut: string[] }
  | { kind: "failed"; message: string }
  | { kind: "ended" };

/** Least free space, in bytes: three brokers preallocate index files, and InfluxDB needs room to compact. */
const leastFreeBytes = 1024 ** 3;

/** Longest time that ending all may take one container, in seconds, when everything goes at once. */
const stopAllSeconds = 15;

/**
 * Brings a stack up as local processes, keeps it up, and ends it all on the handle's `stop`, or while it comes up as soon as `stopAsked` says so.
 *
 * @throws UserError for what the user can mend; nothing was started then, or all that was started has been ended.
 */
export async function supervise(
  options: PlanOptions,
  tell: (event: SupervisorEvent) => void,
  stopAsked: () => boolean,
): Promise<{ stop(): Promise<void>; ended: Promise<void> }> {
  const { projectRoot, stack } = options;
  const state = stateFolder(projectRoot, stack);
  fs.mkdirSync(state.root, { recursive: true, mode: 0o700 });

  const running = await supervisorStatus(state.socket);
  if (running)
    throw new UserError(
      `The stack ${stack} of this folder is up already (process ${running.pid}): see \`npm run status\`, or end it with \`npm run down\`.`,
    );
  const { bavail, bsize } = fs.statfsSync(state.root);
  if (bavail * bsize < leastFreeBytes) {
    throw new UserError(
      `${state.root} has ${Math.floor((bavail * bsize) / 1024 ** 2)} MiB free; the servers need at least ${leastFreeBytes / 1024 ** 2} MiB. Make room there.`,
    );
  }

  let phase: "starting" | "up" | "stopping" = "starting";
  let realiser: Realiser | undefined;
  let stopping: Promise<void> | undefined;
  let markEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (markEnded = resolve));

  const stop = (): Promise<void> =>
    (stopping ??= (async () => {
      phase = "stopping";
      const containers = realiser?.containers ?? [];
      const isBroker = (name: string) => /kafka\d+$/.test(name);
      // Programs first: they flush into servers that still answer.
      for (const wave of [
        containers.filter(({ container }) => !isBroker(container.name)),
        containers.filter(({ container }) => isBroker(container.name)),
      ]) {
        await Promise.all(wave.map((container) => container.stop("SIGTERM", stopAllSeconds)));
      }
      control.close();
      fs.rmSync(state.processes, { force: true });
      markEnded();
      tell({ kind: "ended" });
    })());

  const act = async (name: string, action: ContainerAction): Promise<void> => {
    const found = realiser?.containers.find(
      ({ container }) => container.name === name || container.hostnames.includes(name),
    );
    if (!found) throw new Error(`there is no container ${name}`);
    if (action === "kill") found.kill();
    if (action === "stop" || action === "restart") await found.stop();
    if (action === "start" || action === "restart") await found.start();
  };

  // One machine: the nodes of a Swarm aren't there.
  const overrides = { ...options.overrides, placement: { kind: "engine" } };

  const control = await serveControl(state.socket, {
    status: () => ({
      pid: process.pid,
      stack,
      phase,
      services: realiser?.containers.map((container) => container.status()) ?? [],
      leftOut: realiser?.leftOut ?? [],
    }),
    stop: () => void stop(),
    act,
  });

  try {
    const leftovers = await ProcessBook.endLeftovers(state.processes);
    if (leftovers > 0)
      tell({ kind: "phase", text: `ended ${leftovers} processes that an earlier run left behind` });

    tell({ kind: "phase", text: "checking the program and its policies" });
    const planned = await plan({ ...options, overrides });
    const violations = policyViolations(projectRoot, stack, planned).filter(
      ({ enforcement }) => enforcement === "mandatory",
    );
    if (violations.length > 0) {
      throw new UserError(
        `The policies refuse the stack ${stack}; nothing was started.\n${violations.map(violationText).join("\n")}`,
      );
    }
    const containers = planned
      .filter(({ type }) => type === types.container)
      .map(({ name, inputs }) => containerSpec(name, inputs));
    await assertPortsFree(containers);

    const addresses = new AddressBook(state.addressPrefix);
    for (const { hostnames } of containers) addresses.addressOf(hostnames);
    const driverOf = await driversFor(serverImages(containers), (event) => {
      tell({ kind: "acquire", ...event });
    });

    tell({ kind: "phase", text: "starting" });
    realiser = new Realiser(
      projectRoot,
      state,
      addresses,
      new ResourceStore(state.resources),
      new ProcessBook(state.processes),
      driverOf,
      (event) => {
        tell({
          kind: "resource",
          name: event.registration.name,
          type: event.registration.type,
          phase: event.phase,
          durationMs: event.durationMs,
        });
      },
    );
    const made = realiser;
    const outputs = await runProgram({
      ...stackConfig(projectRoot, stack, overrides),
      stack,
      entry: path.join(projectRoot, "index.ts"),
      mode: "realise",
      register: async (registration) => {
        if (stopping || stopAsked()) throw new UserError("Ended before it was up.");
        return made.realise(registration);
      },
    }).finally(() => made.close());
    writePrivate(state.outputs, JSON.stringify(outputs, null, 2));
    if (!stopping) phase = "up";
    tell({
      kind: "up",
      outputs,
      services: made.containers.map((container) => container.status()),
      leftOut: made.leftOut,
    });
    return { stop, ended };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Names of the images that stand for servers, each once. */
function serverImages(containers: readonly ContainerSpec[]): string[] {
  return [...new Set(containers.map(({ image }) => image))];
}
