import { decodeMessage, epochNs, header, messageId } from "../shared/message";
import { type SourceRecord, text } from "../shared/set-aside";

/** A weather message as it stands in the collection. */
export interface WeatherDocument {
  /** The message's id, `station@nanoseconds since 1970`: one message is one document however often it is written. */
  readonly _id: string;
  readonly station: string;
  /** To the millisecond, as precise as MongoDB's dates are; the nanoseconds stand in `_id`. */
  readonly time: Date;
  /** °C */
  readonly temperature: number;
  /** hPa */
  readonly pressure: number;
  /** m/s */
  readonly wind: number;
  /** % */
  readonly humidity?: number;
}

/** The documents of records, each id once and as its last record has it; and how many records are no weather message. */
export function documentsOf(records: readonly SourceRecord["message"][]): {
  documents: WeatherDocument[];
  unusable: number;
} {
  const documents = new Map<string, WeatherDocument>();
  let unusable = 0;
  for (const { value, headers } of records) {
    const decoded = decodeMessage(value, text(headers, header.schemaVersion));
    if ("fault" in decoded) {
      unusable++;
      continue;
    }
    const { message } = decoded;
    const { station, time, temperature, pressure, wind, humidity } = message;
    const _id = messageId(station, epochNs(time) ?? "");
    documents.set(_id, {
      ...{ _id, station, time: new Date(time), temperature, pressure, wind },
      ...(humidity !== undefined && { humidity }),
    });
  }
  return { documents: [...documents.values()], unusable };
}
