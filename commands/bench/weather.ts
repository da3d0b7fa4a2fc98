import { simulatedSource } from "../../apps/inject/simulate";
import { type Point } from "../../apps/inject/weather";
import { publicationOf } from "../../apps/producer/publication";
import { messageId } from "../../apps/shared/message";
import { type OutgoingRecord } from "../../apps/shared/sender";

/** Points a second of event time. */
const pointsPerSecond = 1_000;

/** Points in one step of the source. */
const pointsPerStep = 5_000;

/** So many points of simulated stations, the last just now, in order of time, in lists of at most 5,000. */
export function* pastPoints(count: number, stations: number, nowMs = Date.now()): Generator<Point[]> {
  const startMs = nowMs - Math.ceil((count * 1_000) / pointsPerSecond);
  const source = simulatedSource({ seed: 1, stations, pointsPerSecond }, startMs);
  const stepMs = (pointsPerStep * 1_000) / pointsPerSecond;
  for (let left = count, at = startMs; left > 0; at += stepMs) {
    // The next begins where this ends, so its last millisecond is left to it.
    const points = source.due(at + stepMs - 1).slice(0, left);
    left -= points.length;
    yield points;
  }
}

/** The record by which the producer publishes the point. */
export function recordOf({ station, timeNs, ...fields }: Point): OutgoingRecord {
  const ns = String(timeNs);
  const timeMs = Number(timeNs / 1_000_000n);
  // InfluxDB leaves zeros at the end out.
  const fraction = ns.slice(-9).replace(/0+$/, "");
  const time = `${new Date(timeMs).toISOString().slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`;
  return publicationOf({ station, time, fields, id: messageId(station, ns), timeMs }).record;
}

/** Bytes of a record's key, value and headers. */
export function recordBytes({ key, value, headers }: OutgoingRecord): number {
  const texts = [
    key ?? "",
    value ?? "",
    ...Object.entries(headers).flatMap(([name, text]) => [name, String(text)]),
  ];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
