import { SimulatedStation } from "../../apps/inject/simulate";
import { type Point } from "../../apps/inject/weather";
import { messageId } from "../../apps/shared/message";

/**
 * The weather that a run of its own stations writes: numbered from 0 for each station, so that what arrives can be told by its
 * message id and compared with what was acknowledged.
 */
export class Observations {
  private readonly startNs: bigint;
  private readonly periodNs: bigint;
  private readonly weather: SimulatedStation[];
  private readonly indexes: ReadonlyMap<string, number>;

  /**
   * @param stations names; no other program may write under them.
   * @param perSecond observations a second over all stations.
   */
  constructor(
    readonly stations: readonly string[],
    startMs: number,
    perSecond: number,
  ) {
    this.startNs = BigInt(startMs) * 1_000_000n;
    this.periodNs = BigInt(Math.max(1, Math.round((1e9 * stations.length) / perSecond)));
    this.weather = stations.map((_, index) => new SimulatedStation(startMs, index));
    this.indexes = new Map(stations.map((name, index) => [name, index]));
  }

  /** How many observations of each station have fallen due. */
  dueAt(nowMs: number): number {
    const sinceNs = BigInt(nowMs) * 1_000_000n - this.startNs;
    return sinceNs < 0n ? 0 : Number(sinceNs / this.periodNs) + 1;
  }

  /** Observation `number` of a station, by its index. Each is to be asked for once, in order. */
  at(station: number, number: number): Point {
    const timeNs = this.startNs + BigInt(number) * this.periodNs;
    const [name, weather] = [this.stations[station], this.weather[station]];
    if (name === undefined || weather === undefined) throw new RangeError(`there is no station ${station}`);
    return { station: name, timeNs, ...weather.at(Number(timeNs / 1_000_000n)) };
  }

  idOf({ station, timeNs }: Point): string {
    return messageId(station, String(timeNs));
  }

  /** Station and number behind a message id; undefined where it's none of this run's. */
  find(id: string): { station: number; number: number } | undefined {
    const at = id.lastIndexOf("@");
    const station = this.indexes.get(id.slice(0, at));
    const digits = id.slice(at + 1);
    if (station === undefined || !/^\d+$/.test(digits)) return undefined;
    const sinceNs = BigInt(digits) - this.startNs;
    if (sinceNs < 0n || sinceNs % this.periodNs !== 0n) return undefined;
    return { station, number: Number(sinceNs / this.periodNs) };
  }
}
