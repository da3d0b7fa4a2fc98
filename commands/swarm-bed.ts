import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { nodeLabel } from "../components/workload/placement";
import { readJson, writePrivate } from "../embedded/folder";
import { startTicks } from "../embedded/processes";
import { UserError } from "../embedded/stack-config";

/** Name of the bed's bridge and iptables rule, and the beginning of its network namespaces and cgroups. */
const bed = "weather-bed";

/** First three numbers of the bed's addresses: the machine is 1, node n is 10 + n. */
const subnet = "10.213.77";

/** Where the engines' data, sockets and logs stand. */
export const bedFolder = path.join(os.tmpdir(), bed);

/** One node of the bed: an engine in a network, process and mount namespace of its own. */
export interface BedNode {
  /** From 1: also its label `weather.node`. */
  number: number;
  address: string;
  /** Socket of its engine, as `DOCKER_HOST` takes it. */
  dockerHost: string;
  state: "running" | "down";
}

interface Started {
  pid: number;
  ticks: string;
}

const rule = ["FORWARD", "-i", bed, "-o", bed, "-j", "ACCEPT"];

/** Runs a program. @throws UserError with what it printed, where it fails. */
function run(command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new UserError(
      `${command} ${args.join(" ")} failed: ${error?.message ?? (stderr || stdout).trim()}`,
    );
  return stdout.trim();
}

function succeeds(command: string, args: string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

const folderOf = (number: number) => path.join(bedFolder, `node-${number}`);
const fileOf = (number: number) => path.join(folderOf(number), "process.json");
const namespaceOf = (number: number) => `${bed}-${number}`;
const hostOf = (number: number) => `unix://${path.join(folderOf(number), "docker.sock")}`;

function docker(number: number, ...args: string[]): string {
  return run("docker", ["--host", hostOf(number), ...args]);
}

/** What this machine lacks for a bed; empty where one can be made. */
export function missingForBed(): string[] {
  const tools = ["dockerd", "docker", "ip", "iptables", "nsenter", "unshare"];
  return [
    ...(process.getuid?.() === 0 ? [] : ["root"]),
    ...tools.filter((tool) => !succeeds("sh", ["-c", `command -v ${tool}`])),
  ];
}

/** The bed's nodes as they are; empty where there is no bed. */
export function bedNodes(): BedNode[] {
  if (!fs.existsSync(bedFolder)) return [];
  return fs
    .readdirSync(bedFolder)
    .flatMap((name) => /^node-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
    .map((number) => ({
      number,
      address: `${subnet}.${10 + number}`,
      dockerHost: hostOf(number),
      state: processOf(number) === undefined ? "down" : "running",
    }));
}

function processOf(number: number): Started | undefined {
  const started = readJson(fileOf(number)) as Started | undefined;
  return started && startTicks(started.pid) === started.ticks ? started : undefined;
}

/**
 * Makes a Swarm of engines on this one machine: a network namespace each on a bridge, `dockerd` in it, joined, labelled, and given the
 * images.
 *
 * @param images those that every node is to have; taken from this machine's own engine.
 * @param report is told each step.
 * @throws UserError where something is missing, or a bed is there already; what was begun is then taken down.
 */
export async function bedUp(
  count: number,
  images: readonly string[],
  report: (step: string) => void,
): Promise<BedNode[]> {
  const missing = missingForBed();
  if (missing.length > 0) throw new UserError(`A test bed needs ${missing.join(", ")}.`);
  if (fs.existsSync(bedFolder))
    throw new UserError(`There is a test bed in ${bedFolder} already: npm run bed -- down`);
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  try {
    fs.mkdirSync(bedFolder, { mode: 0o700 });
    run("ip", ["link", "add", bed, "type", "bridge"]);
    run("ip", ["address", "add", `${subnet}.1/24`, "dev", bed]);
    run("ip", ["link", "set", bed, "up"]);
    run("iptables", ["-I", ...rule]);
    for (const number of numbers) makeNamespace(number);
    report(`network: bridge ${bed}, ${count} namespaces`);

    await Promise.all(numbers.map(startNode));
    report(`engines: ${numbers.map(hostOf).join(" ")}`);

    docker(1, "swarm", "init", "--advertise-addr", `${subnet}.11`);
    const token = docker(1, "swarm", "join-token", "--quiet", "manager");
    for (const number of numbers.slice(1)) {
      docker(
        number,
        "swarm",
        "join",
        "--token",
        token,
        "--advertise-addr",
        `${subnet}.${10 + number}`,
        `${subnet}.11`,
      );
    }
    for (const number of numbers) {
      const id = docker(number, "info", "--format", "{{.Swarm.NodeID}}");
      docker(1, "node", "update", "--label-add", `${nodeLabel}=${number}`, id);
    }
    report(`Swarm: ${count} managers, labelled ${nodeLabel}=1 to ${count}`);

    loadImages(numbers, images, report);
    return bedNodes();
  } catch (error) {
    await bedDown();
    throw error;
  }
}

function makeNamespace(number: number): void {
  const namespace = namespaceOf(number);
  const outside = `wbed-${number}`;
  const inside = ["-n", namespace];
  run("ip", ["netns", "add", namespace]);
  run("ip", ["link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
  run("ip", ["link", "set", outside, "master", bed, "up"]);
  run("ip", [...inside, "link", "set", "lo", "up"]);
  run("ip", [...inside, "address", "add", `${subnet}.${10 + number}/24`, "dev", "eth0"]);
  run("ip", [...inside, "link", "set", "eth0", "up"]);
  run("ip", [...inside, "route", "add", "default", "via", `${subnet}.1`]);
}

function loadImages(
  numbers: readonly number[],
  images: readonly string[],
  report: (step: string) => void,
): void {
  const present = images.filter((image) => succeeds("docker", ["image", "inspect", image]));
  if (present.length === 0) return;
  const archive = path.join(bedFolder, "images.tar");
  run("docker", ["save", "--output", archive, ...present]);
  for (const number of numbers) docker(number, "load", "--quiet", "--input", archive);
  fs.rmSync(archive);
  report(`images on every node: ${present.join(" ")}`);
}

/** Starts a node's engine, new or killed before, and waits until it answers. @throws UserError with the end of its log, where it doesn't. */
export async function startNode(number: number): Promise<void> {
  const folder = folderOf(number);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (processOf(number)) throw new UserError(`Node ${number} runs already.`);
  // Of an engine that was killed: its process ids mean others now.
  fs.rmSync(path.join(folder, "docker.pid"), { force: true });
  fs.rmSync(path.join(folder, "exec"), { recursive: true, force: true });
  const logFile = path.join(folder, "log");
  const log = fs.openSync(logFile, "a");
  const engine = [
    ...["--data-root", path.join(folder, "data"), "--exec-root", path.join(folder, "exec")],
    ...["--pidfile", path.join(folder, "docker.pid"), "--host", hostOf(number)],
    ...["--storage-driver", "overlay2", "--exec-opt", "native.cgroupdriver=cgroupfs"],
    ...["--cgroup-parent", `/${namespaceOf(number)}`],
    ...[
      "--containerd-namespace",
      namespaceOf(number),
      "--containerd-plugins-namespace",
      `${namespaceOf(number)}-plugins`,
    ],
    ...["--insecure-registry", `${subnet}.0/24`],
  ];
  // All that the engine starts lives in its process namespace, and ends with the first process of it; its mounts go with it too.
  const inNamespaces = ["--pid", "--mount", "--uts", "--fork", "--kill-child", "--mount-proc"];
  const first = 'hostname "$0"; dockerd "$@" & wait $!';
  const child = spawn(
    "nsenter",
    [
      `--net=/run/netns/${namespaceOf(number)}`,
      "unshare",
      ...inNamespaces,
      ...["sh", "-c", first, `node${number}`, ...engine],
    ],
    { detached: true, stdio: ["ignore", log, log] },
  );
  fs.closeSync(log);
  child.unref();
  const ticks = child.pid === undefined ? undefined : startTicks(child.pid);
  if (child.pid === undefined || ticks === undefined) throw new UserError("nsenter could not be started.");
  writePrivate(fileOf(number), JSON.stringify({ pid: child.pid, ticks } satisfies Started));
  for (const deadline = Date.now() + 60_000; !succeeds("docker", ["--host", hostOf(number), "info"]);) {
    if (Date.now() > deadline || !processOf(number)) {
      const lines = fs.readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-8);
      throw new UserError(
        `The engine of node ${number} doesn't answer. The end of ${logFile}:\n${lines.join("\n")}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** Kills a node as a power cut would: its engine and every container on it, without a word to the others. */
export async function killNode(number: number): Promise<void> {
  const started = processOf(number);
  if (!started) return;
  process.kill(started.pid, "SIGKILL");
  while (processOf(number)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Takes the bed down: engines, containers, namespaces, bridge, rule, cgroups, data. Gone already is fine. */
export async function bedDown(): Promise<void> {
  for (const { number } of bedNodes()) {
    await killNode(number);
    const namespace = namespaceOf(number);
    if (fs.existsSync(`/run/netns/${namespace}`)) run("ip", ["netns", "delete", namespace]);
    await removeCgroups(namespace);
  }
  while (succeeds("iptables", ["-C", ...rule])) run("iptables", ["-D", ...rule]);
  if (succeeds("ip", ["link", "show", bed])) run("ip", ["link", "delete", bed]);
  fs.rmSync(bedFolder, { recursive: true, force: true });
}

/** Control groups outlive their processes: one tree a controller, or one in all. */
async function removeCgroups(name: string): Promise<void> {
  const root = "/sys/fs/cgroup";
  const trees = [root, ...fs.readdirSync(root).map((entry) => path.join(root, entry))].map((tree) =>
    path.join(tree, name),
  );
  for (const tree of trees.filter((candidate) => fs.existsSync(candidate))) {
    const groups = fs
      .readdirSync(tree, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(entry.parentPath, entry.name));
    for (const group of [tree, ...groups].sort().reverse()) await removeGroup(group);
  }
}

/** Removes a control group, once the last process that was killed in it has gone. */
async function removeGroup(group: string): Promise<void> {
  for (const deadline = Date.now() + 15_000; ;) {
    try {
      fs.rmdirSync(group);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
