import { type Alert } from "../alerts";
import { type About, type LiveEvent } from "../live";
import { Connection, type ConnectionState } from "./connection";
import { element, setAttribute, setText } from "./elements";
import { alertEntry, alertText, anomalyEntries, deadLetterEntry, showEntries } from "./feeds";
import { dayText, figure } from "./format";
import { showLag } from "./lag";
import { RateCourse } from "./rate";
import { StationsTable } from "./stations-table";
import { themeButton } from "./theme";
import { Trend } from "./trend";

const connectionTexts: Readonly<Record<ConnectionState, string>> = {
  connecting: "Connecting",
  live: "Live",
  lost: "Connection lost, trying again",
};

const trend = new Trend();
const table = new StationsTable(choose);
const rate = new RateCourse();
/** Alerts that were shown or announced; undefined before the first snapshot, which is no news. */
let knownAlerts: ReadonlySet<string> | undefined;

themeButton(element("theme", HTMLButtonElement), () => {
  trend.restyle();
});

/** The chosen station stands in the address, so that a reload or a bookmark finds it again. */
function choose(station: string): void {
  history.replaceState(null, "", `#${encodeURIComponent(station)}`);
  trend.choose(station, table.get(station));
  table.choose(station);
}

function wanted(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function showAbout({ topic, group, startedMs }: About): void {
  setText(
    element("about", HTMLParagraphElement),
    `Topic ${topic}, read by the group ${group} since ${dayText(startedMs)}. Counts are since then.`,
  );
}

function count(id: string, value: number, weight?: string): void {
  const node = element(id, HTMLElement);
  setText(node, figure(value));
  setAttribute(node, "data-weight", value > 0 ? weight : undefined);
}

/** Says aloud what alerts are new, in one sentence however many came at once. */
function announce(newest: readonly Alert[]): void {
  const keys = newest.map((alert) => JSON.stringify(alert));
  const fresh = knownAlerts && newest.filter((_, index) => !knownAlerts?.has(keys[index] ?? ""));
  knownAlerts = new Set(keys);
  const [last] = fresh ?? [];
  if (!fresh || !last) return;
  const more = fresh.length > 1 ? `${figure(fresh.length)} new alerts, the last: ` : "New alert: ";
  const station = last.tags["station"] === undefined ? "" : `, ${last.tags["station"]}`;
  setText(
    element("announcer", HTMLParagraphElement),
    `${more}${last.level.toUpperCase()}, ${alertText(last)}${station}`,
  );
}

function show(kind: "snapshot" | "delta", event: LiveEvent): void {
  const { timeMs, messagesPerSecond, lag, fault, about, stations, anomalies, alerts, deadLetters } = event;
  rate.add(timeMs, messagesPerSecond);
  showLag(lag);
  count(
    "lag-total",
    lag.reduce((sum, [, behind]) => sum + behind, 0),
  );
  const faultNode = element("fault", HTMLParagraphElement);
  faultNode.hidden = fault === undefined;
  setText(faultNode, fault === undefined ? "" : `The consumer makes no progress: ${fault}`);
  if (about) {
    showAbout(about);
    trend.about = about;
  }
  if (stations) {
    table.update(stations, kind === "snapshot");
    count("station-count", table.size);
    if (trend.station === "") {
      const first = table.get(wanted())?.station ?? table.first;
      if (first !== undefined) choose(first);
    } else trend.update(stations.find(({ station }) => station === trend.station));
  }
  if (anomalies) {
    count("anomaly-count", anomalies.total);
    showEntries("anomalies", anomalyEntries(anomalies.newest));
  }
  if (alerts) {
    count("alert-count", alerts.total, "crit");
    showEntries("alerts", alerts.newest.map(alertEntry));
    announce(alerts.newest);
  }
  if (deadLetters) {
    count("dead-letter-count", deadLetters.total, "crit");
    showEntries("dead-letters", deadLetters.newest.map(deadLetterEntry));
  }
}

new Connection({
  onEvent: show,
  onState: (state) => {
    const node = element("connection", HTMLParagraphElement);
    setText(node, connectionTexts[state]);
    setAttribute(node, "data-state", state);
  },
});
