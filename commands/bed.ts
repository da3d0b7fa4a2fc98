import { pinnedImages } from "../components/workload/images";
import { UserError } from "../embedded/stack-config";
import { readArguments, runCommand } from "./arguments";
import { bedDown, bedFolder, type BedNode, bedNodes, bedUp, killNode, startNode } from "./swarm-bed";
import { table } from "./table";

const usage =
  "npm run bed -- up [--nodes 3] | down | status | kill --node N | start --node N   (a Swarm of engines on this machine; needs root)";

runCommand(async () => {
  const { values, positionals } = readArguments(usage, {
    nodes: { type: "string", default: "3" },
    node: { type: "string" },
  });
  const [action] = positionals;
  switch (action) {
    case "up": {
      const count = Number(values.nodes);
      if (!Number.isInteger(count) || count < 1 || count > 9)
        throw new UserError(`--nodes must be from 1 to 9, not ${values.nodes}`);
      const begun = Date.now();
      const nodes = await bedUp(count, Object.values(pinnedImages), (step) => {
        process.stdout.write(`${((Date.now() - begun) / 1_000).toFixed(1).padStart(6)} s  ${step}\n`);
      });
      process.stdout.write(`\n${render(nodes)}\n\n${howToUse(nodes)}\n`);
      return 0;
    }
    case "down":
      await bedDown();
      process.stdout.write("Down: no engine, namespace, bridge or rule of the bed is left.\n");
      return 0;
    case "status": {
      const nodes = bedNodes();
      process.stdout.write(nodes.length === 0 ? "There is no test bed.\n" : `${render(nodes)}\n`);
      return 0;
    }
    case "kill":
      await killNode(numberOf(values.node));
      return 0;
    case "start":
      await startNode(numberOf(values.node));
      return 0;
    default:
      throw new UserError(`Usage: ${usage}`);
  }
});

function numberOf(text: string | undefined): number {
  const nodes = bedNodes().map(({ number }) => number);
  if (!nodes.includes(Number(text)))
    throw new UserError(`--node must be one of the bed's nodes (${nodes.join(", ") || "there is no bed"})`);
  return Number(text);
}

function render(nodes: readonly BedNode[]): string {
  return table(
    ["NODE", "STATE", "ADDRESS", "DOCKER_HOST"],
    nodes.map(({ number, state, address, dockerHost }) => [String(number), state, address, dockerHost]),
  );
}

function howToUse(nodes: readonly BedNode[]): string {
  const placement = { kind: "swarm", nodes: nodes.map(({ address }) => address), encrypted: false };
  return [
    `Settings of a stack on it:  weather:placement: ${JSON.stringify(placement)}`,
    `Its manager:                export DOCKER_HOST=${nodes[0]?.dockerHost ?? ""}`,
    `Everything is in ${bedFolder}; take it down with: npm run bed -- down`,
  ].join("\n");
}
