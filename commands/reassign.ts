import { type Admin } from "kafkajs";
import { type NodeView } from "../components/kafka/node-view";
import { UserError } from "../embedded/stack-config";
import { readArguments, runCommand } from "./arguments";
import { brokerAnswers, type Reachable } from "./live/brokers";
import { deployersKafka } from "./live/kafka-client";
import { runningStack } from "./live/outputs";
import { evenSpread, kafkaJson, loadOf, type Load, type Move } from "./live/reassignment";
import { table } from "./table";

const usage =
  "npm run reassign -- [--stack dev] [--dry-run] [--json] [--at-once 1]   (spreads the partitions' replicas evenly over all brokers)";

runCommand(async () => {
  const { values } = readArguments(usage, {
    stack: { type: "string", default: "dev" },
    "dry-run": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    "at-once": { type: "string", default: "1" },
  });
  const atOnce = Number(values["at-once"]);
  if (!Number.isInteger(atOnce) || atOnce < 1)
    throw new UserError(`--at-once must be a whole number of at least 1, not ${values["at-once"]}`);
  const { outputs } = await runningStack(values.stack);
  const ask = () => wholeView(outputs);
  const view = await ask();
  const moves = evenSpread(view.partitions, view.brokers);
  if (values.json) {
    process.stdout.write(`${kafkaJson(moves)}\n`);
    if (values["dry-run"]) return 0;
  } else {
    process.stdout.write(`${renderLoad(loadOf(view.partitions, view.brokers))}\n\n`);
    process.stdout.write(
      moves.length === 0
        ? "Spread evenly already.\n"
        : `${moves.length} of ${view.partitions.length} partitions change, ${copies(moves)} replicas are copied.\n`,
    );
    if (values["dry-run"]) process.stdout.write(moves.map((move) => `  ${renderMove(move)}\n`).join(""));
  }
  if (values["dry-run"] || moves.length === 0) return 0;

  const admin = deployersKafka(outputs, "weather-reassign").admin();
  await admin.connect();
  try {
    for (let begun = 0; begun < moves.length; begun += atOnce) {
      const some = moves.slice(begun, begun + atOnce);
      await execute(admin, some, ask);
      if (!values.json) process.stdout.write(some.map((move) => `  done: ${renderMove(move)}\n`).join(""));
    }
  } finally {
    await admin.disconnect();
  }
  const after = await ask();
  if (!values.json) process.stdout.write(`\n${renderLoad(loadOf(after.partitions, after.brokers))}\n`);
  return 0;
});

/** The cluster as its nodes see it, where each answers and sees all its replicas in sync. @throws UserError where one doesn't. */
async function wholeView(outputs: Reachable): Promise<NodeView> {
  const answers = await brokerAnswers(outputs, 10_000);
  const errors = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
  const [view] = answers.flatMap((answer) => ("view" in answer ? [answer.view] : []));
  if (errors.length > 0 || !view)
    throw new UserError(`Nothing is moved while a broker doesn't answer: ${errors.join("; ")}`);
  const behind = view.partitions.find(({ isr, replicas }) => isr.length < replicas.length);
  if (behind)
    throw new UserError(
      `Nothing is moved while replicas are behind, such as ${behind.topic}-${behind.partition}'s.`,
    );
  return view;
}

/** Has Kafka move some partitions, and waits until all have their new replicas, in sync. A few at a time is the throttle. */
async function execute(admin: Admin, moves: readonly Move[], ask: () => Promise<NodeView>): Promise<void> {
  const byTopic = [...new Set(moves.map(({ topic }) => topic))];
  await admin.alterPartitionReassignments({
    topics: byTopic.map((topic) => ({
      topic,
      partitionAssignment: moves
        .filter((move) => move.topic === topic)
        .map(({ partition, to }) => ({ partition, replicas: to })),
    })),
  });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const view = await ask().catch(() => undefined);
    const isDone = ({ topic, partition, to }: Move) =>
      view?.partitions.some(
        (one) => one.topic === topic && one.partition === partition && one.replicas.join() === to.join(),
      );
    if (moves.every(isDone)) return;
  }
}

function copies(moves: readonly Move[]): number {
  return moves.reduce((sum, { from, to }) => sum + to.filter((replica) => !from.includes(replica)).length, 0);
}

function renderMove({ topic, partition, from, to }: Move): string {
  return `${topic}-${partition}: ${from.join(",")} -> ${to.join(",")}`;
}

function renderLoad(load: Load): string {
  return table(
    ["BROKER", "REPLICAS", "PREFERRED LEADER OF"],
    [...load].map(([broker, { replicas, preferredLeaders }]) => [
      String(broker),
      String(replicas),
      String(preferredLeaders),
    ]),
  );
}
