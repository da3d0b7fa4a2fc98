import { type Point, type Source, type Weather } from "./weather";

const dayMs = 86_400_000;
const yearMs = 365.2425 * dayMs;

/** Uniform random numbers in [0, 1) from a 32-bit seed (mulberry32, Tommy Ettinger, public domain). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Noise that remembers: an Ornstein-Uhlenbeck process of mean 0, whose memory fades by 1/e in `memoryMs`. */
class Noise {
  #value: number;
  readonly #random: () => number;

  constructor(
    random: () => number,
    private readonly spread: number,
    private readonly memoryMs: number,
  ) {
    this.#random = random;
    this.#value = spread * this.#normal();
  }

  after(elapsedMs: number): number {
    const kept = Math.exp(-Math.max(0, elapsedMs) / this.memoryMs);
    this.#value = this.#value * kept + this.spread * Math.sqrt(1 - kept * kept) * this.#normal();
    return this.#value;
  }

  #normal(): number {
    const u = 1 - this.#random();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.#random());
  }
}

/**
 * A station in the temperate north: warmest in mid July and around 15:00 of its own sun, coldest in mid January and before dawn;
 * pressure drifts over days, wind rises when pressure is low and by day, gusts last a minute, humidity falls as the air warms.
 */
export class SimulatedStation {
  readonly #yearlyMean: number;
  readonly #dailySwing: number;
  readonly #meanWind: number;
  readonly #sunOffsetMs: number;
  readonly #drift: Noise;
  readonly #air: Noise;
  readonly #gust: Noise;
  readonly #moisture: Noise;
  #lastMs: number | undefined;

  /** The same seed and number give the same station, and at the same moments the same weather. */
  constructor(seed: number, number: number) {
    const random = randomNumbers(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
    this.#yearlyMean = 8 + 6 * random();
    this.#dailySwing = 3 + 3 * random();
    this.#meanWind = 2 + 3 * random();
    this.#sunOffsetMs = (random() - 0.5) * 0.1 * dayMs;
    this.#drift = new Noise(random, 7, 2 * dayMs);
    this.#air = new Noise(random, 1, 3_600_000);
    this.#gust = new Noise(random, 0.45, 60_000);
    this.#moisture = new Noise(random, 5, 7_200_000);
  }

  /** The weather at a moment (milliseconds since 1970), which must not lie before the one asked for last. */
  at(timeMs: number): Weather {
    const elapsedMs = timeMs - (this.#lastMs ?? timeMs);
    this.#lastMs = timeMs;
    const season = Math.cos((2 * Math.PI * (timeMs - 197 * dayMs)) / yearMs);
    const day = Math.cos((2 * Math.PI * (timeMs + this.#sunOffsetMs - 0.625 * dayMs)) / dayMs);
    const drift = this.#drift.after(elapsedMs);
    const temperature = this.#yearlyMean + 8 * season + this.#dailySwing * day + this.#air.after(elapsedMs);
    const gust = Math.exp(this.#gust.after(elapsedMs));
    const wind = this.#meanWind * (1 + 0.3 * day) * Math.exp(-drift / 20) * gust;
    const humidity = 72 - 15 * day - drift + this.#moisture.after(elapsedMs);
    return {
      temperature: round(temperature, 2),
      pressure: round(1013.25 + drift, 1),
      wind: round(Math.min(wind, 60), 1),
      humidity: round(Math.min(100, Math.max(5, humidity)), 1),
    };
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** After a pause longer than this (the machine slept) the points of the pause are left out. */
const maxGapMs = 10_000;

/** Stations that report in turn, evenly spread, from `startMs` on. */
export function simulatedSource(
  { seed, stations, pointsPerSecond }: { seed: number; stations: number; pointsPerSecond: number },
  startMs: number,
): Source {
  const all = Array.from({ length: stations }, (_, number) => ({
    name: `station-${String(number + 1).padStart(4, "0")}`,
    station: new SimulatedStation(seed, number),
  }));
  const intervalNs = BigInt(Math.max(1, Math.round(1e9 / pointsPerSecond)));
  let nextNs = BigInt(startMs) * 1_000_000n;
  let turn = 0;
  return {
    due(now) {
      const points: Point[] = [];
      const nowNs = BigInt(now) * 1_000_000n;
      const gapNs = nowNs - BigInt(maxGapMs) * 1_000_000n - nextNs;
      if (gapNs > 0n) nextNs += (gapNs / intervalNs) * intervalNs;
      for (; nextNs <= nowNs; nextNs += intervalNs) {
        const { name, station } = all[turn++ % stations] as (typeof all)[number];
        points.push({ station: name, timeNs: nextNs, ...station.at(Number(nextNs / 1_000_000n)) });
      }
      return points;
    },
  };
}
