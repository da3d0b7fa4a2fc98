import { checkMessage, header, schemaVersion, type WeatherMessage } from "../shared/message";
import { type OutgoingRecord } from "../shared/sender";
import { type NewPoint } from "./follower";

/** What becomes of a point: a weather message, or a dead letter with the reason why it is none. */
export type Publication =
  | { readonly kind: "message"; readonly record: OutgoingRecord }
  | { readonly kind: "dead letter"; readonly record: OutgoingRecord; readonly reason: string };

/** The record of a point. Its time is the point's, its key the station, its id the same whenever it is published. */
export function publicationOf({ station, time, fields, id, timeMs }: NewPoint): Publication {
  const candidate: Record<keyof WeatherMessage, unknown> = {
    station,
    time,
    temperature: fields.temperature,
    pressure: fields.pressure,
    wind: fields.wind,
    humidity: fields.humidity,
  };
  const checked = checkMessage(candidate);
  const headers = { [header.schemaVersion]: schemaVersion, [header.messageId]: id };
  const record = { key: station, value: JSON.stringify(candidate), headers, timestampMs: timeMs };
  if ("message" in checked) return { kind: "message", record };
  return {
    kind: "dead letter",
    record: { ...record, headers: { ...headers, [header.reason]: checked.fault, source: "influxdb" } },
    reason: checked.fault,
  };
}
