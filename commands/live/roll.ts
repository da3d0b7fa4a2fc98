import { askNode, type NodeView } from "../../components/kafka/node-view";
import { restartObstacles, rollOrderOf } from "../../components/kafka/restart";
import { UserError } from "../../embedded/stack-config";
import { act } from "./act";
import {
  type Broker,
  brokerAnswers,
  brokersOf,
  minInsyncReplicas,
  obstaclesToWhole,
  type Reachable,
  restoreLeaders,
  wholeAgain,
} from "./brokers";
import { type PipelineOutputs } from "../../components/outputs";
import { type RunningStack } from "./outputs";

/** How long one broker of a roll was away. */
export interface RolledBroker {
  broker: string;
  /** From the order to stop to the new incarnation's first answer, in ms. */
  downMs: number;
  /** From the order to stop until every replica was in sync again, in ms. */
  wholeMs: number;
}

/** What speaks against restarting a broker, as it is now. */
export interface RestartCheck {
  broker: Broker;
  obstacles: string[];
}

/** A controller that has just taken a record in may be a moment behind: so long an obstacle has to last to be one. */
const passingMs = 5_000;

/** How long a broker may take to come back and catch up. */
const wholeWithinMs = 180_000;

/** Checks whether a broker may be restarted now. */
export async function checkRestart(
  { outputs }: Pick<RunningStack, "outputs">,
  broker: Broker,
): Promise<RestartCheck> {
  for (const deadline = Date.now() + passingMs; ;) {
    const answers = await brokerAnswers(outputs);
    const views = answers.flatMap((answer): NodeView[] => ("view" in answer ? [answer.view] : []));
    const topics = new Set(views.flatMap(({ partitions }) => partitions.map(({ topic }) => topic)));
    const minIsr =
      views.length > 0 ? await minInsyncReplicas(outputs, [...topics]) : new Map<string, number>();
    const obstacles = restartObstacles(broker.id, answers, minIsr);
    if (obstacles.length === 0 || Date.now() >= deadline) return { broker, obstacles };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The brokers of a roll in the order in which they would be restarted now. @throws UserError for a name that no broker has. */
export async function rollOrder(
  { outputs }: Pick<RunningStack, "outputs">,
  only: readonly string[],
): Promise<Broker[]> {
  const all = brokersOf(outputs);
  for (const name of only) {
    if (!all.some((broker) => broker.name === name))
      throw new UserError(
        `There is no broker ${name}: the brokers are ${all.map((broker) => broker.name).join(", ")}.`,
      );
  }
  return inRollOrder(
    outputs,
    all.filter(({ name }) => only.length === 0 || only.includes(name)),
  );
}

async function inRollOrder(outputs: PipelineOutputs, brokers: readonly Broker[]): Promise<Broker[]> {
  const views = (await brokerAnswers(outputs)).flatMap((answer) => ("view" in answer ? [answer.view] : []));
  const leader = views.find(({ quorum }) => quorum.leader >= 0)?.quorum.leader;
  const order = rollOrderOf(
    brokers.map(({ id }) => id),
    leader,
  );
  return order.flatMap((id) => brokers.find((broker) => broker.id === id) ?? []);
}

/**
 * Restarts brokers one after the other, the controllers' leader last, each only when nothing speaks against it, and goes on once the
 * new incarnation is in and every replica in sync. At the end the preferred leaders lead again.
 *
 * @throws UserError before a broker is touched that must not be restarted now; Error where one doesn't come back.
 */
export async function roll(
  running: RunningStack,
  brokers: readonly Broker[],
  tell: (line: string) => void,
): Promise<RolledBroker[]> {
  const { outputs } = running;
  const rolled: RolledBroker[] = [];
  for (let left = [...brokers]; ;) {
    // Asked anew each time: the quorum may have elected another leader meanwhile.
    const [next] = await inRollOrder(outputs, left);
    if (!next) break;
    left = left.filter((broker) => broker !== next);
    const check = await checkRestart(running, next);
    if (check.obstacles.length > 0) throw new UserError(refusal(check, rolled));

    tell(`${next.name}: restarting`);
    const begun = Date.now();
    // Resolves when the old incarnation has ended and the new one been started: what answers from now on is the new one.
    await act(running, next.service, "restart");
    const downMs = (await answered(next.address, outputs)) - begun;
    await wholeAgain(outputs, wholeWithinMs);
    const wholeMs = Date.now() - begun;
    tell(`${next.name}: answers after ${seconds(downMs)}, every replica in sync after ${seconds(wholeMs)}`);
    rolled.push({ broker: next.name, downMs, wholeMs });
  }
  tell("restoring the preferred leaders");
  await leadersRestored(outputs);
  return rolled;
}

/** Why a roll goes no further. */
export function refusal({ broker, obstacles }: RestartCheck, rolled: readonly RolledBroker[]): string {
  const shown = obstacles.slice(0, 5).map((obstacle) => `  ${obstacle}`);
  if (obstacles.length > shown.length) shown.push(`  and ${obstacles.length - shown.length} more`);
  const done =
    rolled.length > 0
      ? `Restarted before: ${rolled.map((one) => one.broker).join(", ")}.`
      : "No broker was restarted.";
  return `${broker.name} can't be restarted now:\n${shown.join("\n")}\n${done} What is down is brought back by: npm run heal`;
}

/** Waits for a broker's first answer; returns when it came. */
async function answered(address: string, { kafkaTls }: Reachable): Promise<number> {
  for (const deadline = Date.now() + wholeWithinMs; ;) {
    try {
      await askNode(address, 2_000, kafkaTls);
      return Date.now();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Elects the preferred leaders until they all lead; one whose replica isn't in sync yet is asked for again, for half a minute. */
async function leadersRestored(outputs: PipelineOutputs): Promise<void> {
  for (const deadline = Date.now() + 30_000; ;) {
    const failed = await restoreLeaders(outputs);
    const elsewhere = (await brokerAnswers(outputs)).flatMap((answer) =>
      "view" in answer ? answer.view.partitions.filter(({ leader, replicas }) => leader !== replicas[0]) : [],
    );
    if (failed.length === 0 && elsewhere.length === 0) return;
    if (Date.now() >= deadline) {
      const [first] = failed;
      const why = first
        ? `${first.topic}-${first.partition}: ${first.reason}`
        : (await obstaclesToWhole(outputs)).join("; ");
      throw new Error(`${elsewhere.length} partitions are not led by their preferred replica: ${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** `4.2 s` */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
