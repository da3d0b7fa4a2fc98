import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { stackNames } from "../../embedded/stack-config";
import { projectRoot } from "../arguments";
import { prepareStack } from "../docker-stack";
import { docker } from "../live/docker";
import { missingForDocker } from "../target";
import { reasonOf } from "../../apps/shared/log";
import { type Bed, type Part } from "./part";
import { freeStackPorts } from "./ports";
import { type Finding } from "./report";
import { benchStack } from "./servers";
import { type Timed, timed } from "./timed";

/** What issue 7 aims at, in seconds. */
const most = { policy: 3, embedded: 15 };

/** Whose images the stacks of the benchmark do without: what they take is the registry's and the network's. */
const withoutPages = { "kafdrop.enabled": false, "grafana.enabled": false };

/** What it takes to judge and to deploy a stack. */
export const stacksPart: Part = {
  needs: "nothing",
  subject: "Stacks: time and memory of judging and deploying",
  limitSeconds: 600,
  run: async (bed) => [
    ...(await policyFindings(bed)),
    ...(await embeddedFindings(bed)),
    ...(await dockerFindings(bed)),
  ],
};

async function policyFindings({ rounds, signal, tell }: Bed): Promise<Finding[]> {
  const runs: Timed[] = [];
  for (let round = 1; round <= rounds; round++) {
    runs.push(await timed(["npm", "run", "policy"], {}, signal));
    tell(`npm run policy, round ${round}: ${(runs.at(-1)?.seconds ?? 0).toFixed(1)} s`);
  }
  return timeAndMemory(
    "npm run policy",
    `the policies of all ${stackNames(projectRoot).length} stacks`,
    runs,
    most.policy,
  );
}

async function embeddedFindings({ folder, rounds, signal, tell }: Bed): Promise<Finding[]> {
  const environment = { WEATHER_STATE: path.join(folder, "embedded") };
  const runs: Timed[] = [];
  for (let round = 1; round <= rounds; round++) {
    const settings = Object.entries({ ...(await freeStackPorts()), ...withoutPages });
    const up = ["npm", "run", "up", "--", "--stack", benchStack, "--target", "embedded", "--detach"];
    try {
      runs.push(
        await timed(
          [...up, ...settings.flatMap(([at, value]) => ["--set", `${at}=${value}`])],
          environment,
          signal,
          /first message consumed/,
        ),
      );
    } finally {
      // Without the part's signal: what was started is ended in any case.
      await timed(
        ["npm", "run", "down", "--", "--stack", benchStack, "--volumes"],
        environment,
        AbortSignal.timeout(60_000),
      );
    }
    tell(`embedded start, round ${round}: ${(runs.at(-1)?.seconds ?? 0).toFixed(1)} s`);
  }
  return timeAndMemory(
    "npm run up -- --target embedded",
    `stack ${benchStack} on empty volumes, servers in the cache, to the first message consumed`,
    runs,
    most.embedded,
  );
}

/** Pulumi's own commands, in a backend of this run's own. */
async function dockerFindings(bed: Bed): Promise<Finding[]> {
  const what = "pulumi preview, up and an up without changes";
  const compose: Finding = {
    kind: "not measured",
    what: "docker compose up --wait of an equivalent file",
    reason:
      "the stack's secrets and InfluxDB's tokens, buckets and checks come about while it is deployed, so no file stands for it",
  };
  const obstacle = bed.quick ? "--quick leaves deployments out" : await dockerObstacle();
  if (obstacle !== undefined) return [{ kind: "not measured", what, reason: obstacle }, compose];
  try {
    return [...(await pulumiFindings(bed)), compose];
  } catch (error) {
    return [{ kind: "not measured", what, reason: reasonOf(error) }, compose];
  }
}

/** Why nothing can be deployed here; undefined where it can. */
async function dockerObstacle(): Promise<string | undefined> {
  const missing = missingForDocker();
  if (missing.length > 0) return `${missing.join(" and ")} not found`;
  // A volume that is there already would be taken over, and destroyed at the end with what it holds.
  const name = `name=weather-${benchStack}-`;
  const held = await Promise.all([
    docker(["ps", "--all", "--quiet", "--filter", name]),
    docker(["volume", "ls", "--quiet", "--filter", name]),
    docker(["network", "ls", "--quiet", "--filter", name]),
  ]);
  return held.some((ids) => ids.trim() !== "")
    ? `the engine holds containers, volumes or networks of a stack ${benchStack}, which are left alone`
    : undefined;
}

async function pulumiFindings({ folder, rounds, signal, tell }: Bed): Promise<Finding[]> {
  process.env["PULUMI_BACKEND_URL"] = `file://${folder}`;
  process.env["PULUMI_CONFIG_PASSPHRASE"] = randomBytes(16).toString("hex");
  const configFile = prepareStack(benchStack, { ...(await freeStackPorts()), ...withoutPages });
  const of = ["--stack", benchStack, "--config-file", configFile];
  const run = async (command: readonly string[], bound = signal) => {
    const took = await timed(
      ["pulumi", ...command, ...of, "--non-interactive"],
      { PULUMI_SKIP_UPDATE_CHECK: "true" },
      bound,
    );
    tell(`pulumi ${command.join(" ")}: ${took.seconds.toFixed(1)} s`);
    return took;
  };
  const several = async (command: readonly string[]) => {
    const runs: Timed[] = [];
    for (let round = 1; round <= rounds; round++) runs.push(await run(command));
    return runs;
  };
  const up = ["up", "--yes", "--skip-preview"];
  try {
    const previews = await several(["preview"]);
    const first = await run(up);
    const again = await several(up);
    return [
      ...timeAndMemory("pulumi preview", `stack ${benchStack}, nothing deployed`, previews),
      ...timeAndMemory("pulumi up", `stack ${benchStack}, without Kafdrop and Grafana, once`, [first]),
      ...timeAndMemory("pulumi up", `stack ${benchStack}, without changes`, again),
    ];
  } finally {
    await run(["destroy", "--yes", "--skip-preview"], AbortSignal.timeout(180_000));
  }
}

function timeAndMemory(by: string, what: string, runs: readonly Timed[], atMost?: number): Finding[] {
  return [
    {
      kind: "figure",
      what,
      unit: "s",
      own: { by, values: runs.map(({ seconds }) => seconds) },
      ...(atMost !== undefined && { atMost }),
      counts: [],
    },
    {
      kind: "figure",
      what: `${what}: memory at most, all processes together`,
      unit: "MiB",
      own: { by, values: runs.map(({ peakMiB }) => peakMiB) },
      counts: [],
    },
  ];
}
