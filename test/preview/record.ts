import * as readline from "node:readline";

/**
 * Makes a fixture of the events that `PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json` prints: reads them from
 * stdin and leaves out debug messages (which may hold secrets), files, outputs, unchanged inputs and serialised providers.
 *
 *     WEATHER_SHRINK_GUARD=caller PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json --policy-pack policy |
 *       npx tsx test/preview/record.ts > test/preview/fixtures/NAME.ndjson
 */
interface State {
  inputs?: Record<string, unknown>;
  protect?: boolean;
  retainOnDelete?: boolean;
}

interface Event {
  preludeEvent?: unknown;
  policyEvent?: unknown;
  diagnosticEvent?: { severity: string };
  resourcePreEvent?: { metadata: Record<string, unknown> & { op: string; old?: State; new?: State } };
  summaryEvent?: unknown;
}

function stateOf(state: State | undefined, same: boolean) {
  if (!state) return state;
  const inputs = Object.fromEntries(
    Object.entries(same ? {} : (state.inputs ?? {}))
      .filter(([key]) => !["__provider", "__defaults", "connection"].includes(key))
      .map(([key, value]) => [key, key === "uploads" ? "[secret]" : value]),
  );
  return { inputs, ...(state.retainOnDelete && { retainOnDelete: true }) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  if (!line.startsWith("{")) return;
  const event = JSON.parse(line) as Event;
  if (event.diagnosticEvent?.severity === "debug") return;
  if (event.resourcePreEvent) {
    const { op, urn, type, keys, diffs, detailedDiff, ...states } = event.resourcePreEvent.metadata;
    const same = op === "same";
    event.resourcePreEvent.metadata = {
      op,
      urn,
      type,
      old: stateOf(states.old, same),
      new: stateOf(states.new, same),
      keys,
      diffs,
      detailedDiff,
    };
  } else if (!event.preludeEvent && !event.policyEvent && !event.diagnosticEvent && !event.summaryEvent) {
    return;
  }
  process.stdout.write(`${JSON.stringify(event)}\n`);
});
