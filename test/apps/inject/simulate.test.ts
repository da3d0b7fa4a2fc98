import { SimulatedStation, simulatedSource } from "../../../apps/inject/simulate";
import { toLine, type Weather } from "../../../apps/inject/weather";
import { checkMessage } from "../../../apps/shared/message";

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);

function year(seed: number, number: number): Weather[] {
  const station = new SimulatedStation(seed, number);
  return Array.from({ length: 365 * 24 }, (_, i) => station.at(start + i * hour));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test("the same seed gives the same weather, another seed another", () => {
  expect(year(1, 0)).toEqual(year(1, 0));
  expect(year(1, 0)).not.toEqual(year(2, 0));
  expect(year(1, 0)).not.toEqual(year(1, 1));
});

test.each([0, 1, 2, 3, 4])("station %i stays within nature's bounds all year", (number) => {
  for (const weather of year(7, number)) {
    expect(checkMessage({ station: "a", time: "2026-01-01T00:00:00Z", ...weather })).toHaveProperty(
      "message",
    );
  }
});

test("afternoons are warmer and drier than nights, July than January", () => {
  const all = year(3, 0);
  const at = (hourOfDay: number) => all.filter((_, i) => i % 24 === hourOfDay);
  expect(mean(at(15).map((w) => w.temperature)) - mean(at(3).map((w) => w.temperature))).toBeGreaterThan(4);
  expect(mean(at(15).map((w) => w.humidity ?? 0))).toBeLessThan(mean(at(3).map((w) => w.humidity ?? 0)) - 10);
  const month = (day: number) => all.slice(day * 24, (day + 30) * 24).map((w) => w.temperature);
  expect(mean(month(181)) - mean(month(0))).toBeGreaterThan(10);
});

test("neighbouring values are close: noise is correlated", () => {
  const station = new SimulatedStation(5, 0);
  const pressures = Array.from({ length: 3_600 }, (_, i) => station.at(start + i * 1_000).pressure);
  const steps = pressures.slice(1).map((pressure, i) => Math.abs(pressure - (pressures[i] ?? 0)));
  expect(Math.max(...steps)).toBeLessThan(0.5);
});

test("points come at the set rate, each station in turn, none twice", () => {
  const source = simulatedSource({ seed: 1, stations: 7, pointsPerSecond: 1_000 }, start);
  const points = [0, 130, 131, 2_000].flatMap((ms) => source.due(start + ms));
  expect(points.length).toBe(2_001);
  expect(new Set(points.map(({ station, timeNs }) => `${station}@${timeNs}`)).size).toBe(2_001);
  expect(points.slice(0, 8).map(({ station }) => station)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 1].map((number) => `station-000${number}`),
  );
  expect(source.due(start + 2_000)).toEqual([]);
});

test("after a long pause only the last seconds are made up for", () => {
  const source = simulatedSource({ seed: 1, stations: 1, pointsPerSecond: 10 }, start);
  source.due(start);
  expect(source.due(start + 3_600_000).length).toBe(101);
});

test("line protocol escapes the station and leaves out what isn't measured", () => {
  const point = { station: "New York,=1", timeNs: 5n, temperature: -1.5, pressure: 1000, wind: 2 };
  expect(toLine(point)).toBe("weather,station=New\\ York\\,\\=1 temperature=-1.5,pressure=1000,wind=2 5");
  expect(toLine({ ...point, humidity: 50 })).toMatch(/wind=2,humidity=50 5$/);
});
