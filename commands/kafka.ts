import { UserError } from "../embedded/stack-config";
import { readArguments, runCommand } from "./arguments";
import { listLetters, type LetterFilter, renderLetters, renderReplay, replayLetters } from "./kafka/dlq";
import {
  describeFeatures,
  planFinalisation,
  raiseFeatures,
  renderFeatures,
  renderRaises,
} from "./kafka/features";
import {
  describeGroup,
  listGroups,
  membersRefusal,
  planReset,
  renderGroup,
  renderGroups,
  renderMoves,
  resetOffsets,
  resetTarget,
} from "./kafka/groups";
import { isoTimeMs, timeForm } from "./kafka/printable";
import { describeQuorum, renderQuorum } from "./kafka/quorum";
import { describeTopic, renderTopic } from "./kafka/topics";
import { kafkaStatus } from "./live/kafka";
import { type RunningStack, runningStack } from "./live/outputs";
import { topicTable } from "./live/render";
import { services } from "./live/services";
import { isService } from "./live/swarm";

const usage = `npm run kafka -- [--stack dev] [--json] ...
  topics list
  topics describe NAME
  groups list
  groups describe NAME
  groups reset-offsets NAME --topic TOPIC --to earliest|latest|TIME [--yes]
  quorum
  features [--finalise RELEASE] [--yes]                                           (such as 4.3; there is no way back)
  dlq list [--reason TEXT] [--from TIME] [--to TIME] [--limit 50]
  dlq replay [--reason TEXT] [--from TIME] [--to TIME] [--again] [--yes]
What changes something only shows its plan without --yes. TIME is ${timeForm}.`;

const options = {
  stack: { type: "string", default: "dev" },
  json: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  topic: { type: "string" },
  to: { type: "string" },
  from: { type: "string" },
  reason: { type: "string" },
  limit: { type: "string" },
  again: { type: "boolean", default: false },
  finalise: { type: "string" },
} as const;

/** What was asked for, and the options that mean something to it. */
interface Action {
  names: number;
  takes: readonly string[];
  run(running: RunningStack, name: string): Promise<{ value: unknown; text: string }>;
}

type Values = ReturnType<typeof readArguments<typeof options>>["values"];

const dryRun = "Nothing was changed. Do it with --yes.";

function actions(values: Values): Record<string, Action> {
  return {
    "topics list": {
      names: 0,
      takes: [],
      run: async ({ outputs }) => {
        const { topics } = (await kafkaStatus(outputs)).status;
        return { value: topics, text: topicTable(topics) };
      },
    },
    "topics describe": {
      names: 1,
      takes: [],
      run: async ({ outputs }, name) => {
        const topic = await describeTopic(outputs, name);
        return { value: topic, text: renderTopic(topic) };
      },
    },
    "groups list": {
      names: 0,
      takes: [],
      run: async ({ outputs }) => {
        const groups = await listGroups(outputs);
        return { value: groups, text: renderGroups(groups) };
      },
    },
    "groups describe": {
      names: 1,
      takes: [],
      run: async ({ outputs }, name) => {
        const group = await describeGroup(outputs, name);
        return { value: group, text: renderGroup(group) };
      },
    },
    "groups reset-offsets": {
      names: 1,
      takes: ["topic", "to", "yes"],
      run: async (running, group) => {
        const { topic } = values;
        if (topic === undefined) throw new UserError("--topic must name the topic to be read from elsewhere");
        const { description, moves } = await planReset(running.outputs, group, topic, resetTarget(values.to));
        if (description.members.length > 0) {
          const names = (await services(running)).map(({ name }) => name);
          const isSwarm =
            running.target === "docker" && names.some((name) => name.endsWith("-kafka1") && isService(name));
          throw new UserError(membersRefusal(description, names, isSwarm ? "swarm" : running.target));
        }
        if (values.yes) await resetOffsets(running.outputs, group, topic, moves);
        return {
          value: { group, topic, done: values.yes, partitions: moves },
          text: `Group ${group}, topic ${topic}\n\n${renderMoves(moves)}\n\n${values.yes ? "Done." : dryRun}`,
        };
      },
    },
    quorum: {
      names: 0,
      takes: [],
      run: async ({ outputs }) => {
        const quorum = await describeQuorum(outputs);
        return { value: quorum, text: renderQuorum(quorum) };
      },
    },
    features: {
      names: 0,
      takes: ["finalise", "yes"],
      run: async ({ outputs }) => {
        const features = await describeFeatures(outputs);
        if (values.finalise === undefined) return { value: features, text: renderFeatures(features) };
        const raises = planFinalisation(features, values.finalise);
        const isDone = values.yes && raises.length > 0;
        // Without --yes the controller judges it all the same.
        if (raises.length > 0) await raiseFeatures(outputs, raises, !values.yes);
        return {
          value: { release: values.finalise, done: isDone, raises },
          text:
            raises.length === 0
              ? `Release ${values.finalise} is finalised already.`
              : `${renderRaises(raises)}\n\n${isDone ? "Done: brokers of an older release can't come back." : `The controller would take it. There is no way back from it.\n${dryRun}`}`,
        };
      },
    },
    "dlq list": {
      names: 0,
      takes: ["reason", "from", "to", "limit"],
      run: async ({ outputs }) => {
        const limit = Number(values.limit ?? 50);
        if (!Number.isSafeInteger(limit) || limit < 1)
          throw new UserError(`--limit must be a whole number of at least 1, not ${values.limit ?? ""}`);
        const found = await listLetters(outputs, letterFilter(values), limit);
        return { value: found, text: renderLetters(found, Date.now()) };
      },
    },
    "dlq replay": {
      names: 0,
      takes: ["reason", "from", "to", "again", "yes"],
      run: async ({ outputs }) => {
        const plan = await replayLetters(outputs, letterFilter(values), values.again, values.yes);
        return {
          value: { done: values.yes, ...plan },
          text: `${renderReplay(plan)}\n${values.yes ? "Done." : dryRun}`,
        };
      },
    },
  };
}

function letterFilter({ reason, from, to }: Values): LetterFilter {
  return {
    ...(reason !== undefined && { reason }),
    ...(from !== undefined && { fromMs: timeOf("--from", from) }),
    ...(to !== undefined && { toMs: timeOf("--to", to) }),
  };
}

function timeOf(option: string, value: string): number {
  const ms = isoTimeMs(value);
  if (ms === undefined)
    throw new UserError(`${option} must be a time such as ${timeForm}, not ${JSON.stringify(value)}`);
  return ms;
}

runCommand(async () => {
  const { values, positionals } = readArguments(usage, options);
  const known = actions(values);
  const words = [2, 1].find((count) => Object.hasOwn(known, positionals.slice(0, count).join(" "))) ?? 0;
  const verb = positionals.slice(0, words).join(" ");
  const action = known[verb];
  const names = positionals.slice(words);
  if (!action || names.length !== action.names)
    throw new UserError(
      `${action ? `${verb} takes ${action.names === 0 ? "no name" : "one name"}, not ${names.length}` : "What is to be done?"}\nUsage: ${usage}`,
    );
  const foreign = Object.entries(values).find(
    ([option, value]) => !["stack", "json", ...action.takes].includes(option) && value !== false,
  );
  if (foreign) throw new UserError(`--${foreign[0]} means nothing to ${verb}\nUsage: ${usage}`);

  const { value, text } = await action.run(await runningStack(values.stack), names[0] ?? "");
  process.stdout.write(`${values.json ? JSON.stringify(value, null, 2) : text}\n`);
  return 0;
});
