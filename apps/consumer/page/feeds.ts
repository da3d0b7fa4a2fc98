import { type Alert } from "../alerts";
import { type DeadLetter } from "../live";
import { type Anomaly } from "../stations";
import { type Measure, measures } from "../../shared/measures";
import { element, make } from "./elements";
import { dayText, figure, measureTexts, timeText, valueWithUnit } from "./format";

/** One line of a list. */
export interface Entry {
  readonly timeMs: number;
  /** A word in front, and how grave it is. */
  readonly mark?: { readonly text: string; readonly weight: "crit" | "warn" | "good" | "none" };
  readonly text: string;
  readonly place: string;
}

const drawn = new Map<string, string>();

/** Shows the entries in the list of that id; its `-empty` paragraph shows where there are none. */
export function showEntries(id: string, entries: readonly Entry[]): void {
  const key = JSON.stringify(entries);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  const list = element(id, HTMLUListElement);
  list.replaceChildren(
    ...entries.map(({ timeMs, mark, text, place }) => {
      const at = new Date(timeMs);
      return make(
        "li",
        {},
        make("time", { datetime: at.toISOString(), title: dayText(timeMs) }, timeText(timeMs)),
        make(
          "span",
          { class: "what" },
          ...(mark ? [make("span", { class: "mark", "data-weight": mark.weight }, mark.text)] : []),
          text,
        ),
        make("span", { class: "place" }, place),
      );
    }),
  );
  // What scrolls must be reachable by the keyboard.
  list.tabIndex = list.scrollHeight > list.clientHeight + 1 ? 0 : -1;
  element(`${id}-empty`, HTMLParagraphElement).hidden = entries.length > 0;
}

const weights = { crit: "crit", warn: "warn", info: "none", ok: "good", unknown: "warn" } as const;

function isMeasure(name: string): name is Measure {
  return (measures as readonly string[]).includes(name);
}

/** An alert in words: the check, whom it is about, what it saw. */
export function alertText({ check, tags, values, message }: Alert): string {
  const seen = Object.entries(values).map(([name, value]) =>
    isMeasure(name) && typeof value === "number"
      ? `${measureTexts[name].name.toLowerCase()} ${valueWithUnit(name, value)}`
      : `${name} ${String(value)}`,
  );
  const about = [check, ...seen].join(", ");
  return tags["station"] === undefined && message !== "" ? `${about}: ${message}` : about;
}

export function alertEntry(alert: Alert): Entry {
  return {
    timeMs: Date.parse(alert.time),
    mark: { text: alert.level.toUpperCase(), weight: weights[alert.level] },
    text: alertText(alert),
    place: alert.tags["station"] ?? "",
  };
}

/** An anomaly in words; `place` says where, in a list of many stations. */
export function anomalyEntry({ time, measure, value, mean, deviations }: Anomaly, place = ""): Entry {
  const { name, unit, digits } = measureTexts[measure];
  return {
    timeMs: Date.parse(time),
    mark: { text: deviations > 0 ? "\u25b2" : "\u25bc", weight: "crit" },
    text: `${name} ${valueWithUnit(measure, value)}, ${figure(Math.abs(deviations), 1)} deviations ${deviations > 0 ? "above" : "below"} ${figure(mean, digits)} ${unit}`,
    place,
  };
}

/** The anomalies of many stations, each station and measure once: its newest, and how many of these there are in the list. */
export function anomalyEntries(newest: readonly Anomaly[]): Entry[] {
  const alike = new Map<string, Anomaly[]>();
  for (const anomaly of newest) {
    const key = JSON.stringify([anomaly.station, anomaly.measure, anomaly.deviations > 0]);
    const others = alike.get(key);
    if (others) others.push(anomaly);
    else alike.set(key, [anomaly]);
  }
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const entry = anomalyEntry(first, first.station);
    const last = others.at(-1);
    if (!last) return entry;
    const since = timeText(Date.parse(last.time));
    return { ...entry, text: `${entry.text}; ${figure(others.length + 1)} times since ${since}` };
  });
}

export function deadLetterEntry({ timeMs, reason, partition, offset, key }: DeadLetter): Entry {
  return {
    timeMs,
    text: key === "" ? reason : `${reason} (${key})`,
    place: `partition ${partition}, offset ${figure(Number(offset))}`,
  };
}
