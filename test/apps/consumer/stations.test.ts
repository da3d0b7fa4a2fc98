import { Stations } from "../../../apps/consumer/stations";
import { RunningStatistics } from "../../../apps/consumer/statistics";
import { type WeatherMessage } from "../../../apps/shared/message";

const t0 = Date.UTC(2026, 0, 1);
const message = (seconds: number, temperature: number, station = "a"): WeatherMessage => ({
  station,
  time: new Date(t0 + seconds * 1_000).toISOString(),
  temperature,
  pressure: 1000,
  wind: 3,
});
const options = { windowMs: 60_000, windowPoints: 1_000, minPoints: 10, anomalyDeviations: 3 };

test("mean and deviation agree with the textbook, also after values have left", () => {
  const statistics = new RunningStatistics();
  const values = Array.from({ length: 5_000 }, (_, i) => 1_000_000 + Math.sin(i) * 10);
  values.forEach((value, i) => {
    statistics.add(value);
    if (i >= 100) statistics.remove(values[i - 100] ?? 0);
  });
  const window = values.slice(-100);
  const mean = window.reduce((sum, value) => sum + value, 0) / 100;
  const deviation = Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 99);
  const summary = statistics.summary();
  expect(summary.points).toBe(100);
  expect(summary.mean).toBeCloseTo(mean, 6);
  expect(summary.deviation).toBeCloseTo(deviation, 6);
  for (const value of window) statistics.remove(value);
  expect(statistics.summary()).toEqual({ points: 0, mean: 0, deviation: 0 });
});

test("a value far from the mean is an anomaly, once there are enough", () => {
  const stations = new Stations(options, 0);
  expect(stations.take(message(0, 40))).toEqual([]);
  for (let i = 1; i < 30; i++) expect(stations.take(message(i, 10 + (i % 2)))).toEqual([]);
  const found = new Stations(options, 0);
  for (let i = 0; i < 30; i++) found.take(message(i, 10 + (i % 2)));
  expect(found.take(message(30, 40))).toEqual([
    expect.objectContaining({ station: "a", measure: "temperature", value: 40, mean: 10.5 }),
  ]);
  expect(found.summary().a).toMatchObject({ anomalies: 1, partition: 0 });
});

test("values all the same make the next sensible value no anomaly", () => {
  const stations = new Stations(options, 0);
  for (let i = 0; i < 30; i++) stations.take(message(i, 10));
  expect(stations.take(message(30, 10.2))).toEqual([]);
});

test("a message delivered again has no effect, as long as the window holds it", () => {
  const stations = new Stations({ ...options, windowPoints: 3 }, 0);
  for (const at of [1, 3, 2]) expect(stations.take(message(at, 10))).toEqual([]);
  for (const at of [1, 2, 3]) expect(stations.take(message(at, 10))).toBeUndefined();
  expect(stations.summary().a?.measures.temperature?.points).toBe(3);
  expect(stations.take(message(1, 10, "b"))).toEqual([]);
  stations.take(message(4, 10));
  expect(stations.take(message(3, 10))).toBeUndefined();
  expect(stations.take(message(1, 10))).toEqual([]);
});

test("two messages a nanosecond apart are two", () => {
  const stations = new Stations(options, 0);
  const at = (time: string) => stations.take({ ...message(0, 10), time });
  expect(at("2026-01-01T00:00:00.123456789Z")).toEqual([]);
  expect(at("2026-01-01T00:00:00.123456788Z")).toEqual([]);
  expect(at("2026-01-01T00:00:00.12345679Z")).toEqual([]);
  expect(at("2026-01-01T00:00:00.123456789Z")).toBeUndefined();
  expect(at("2026-01-01T00:00:00.123456790Z")).toBeUndefined();
  expect(stations.summary().a?.measures.temperature?.points).toBe(3);
});

test("the window ends by time and by number", () => {
  const byTime = new Stations(options, 0);
  for (let i = 0; i < 100; i++) byTime.take(message(i * 10, i / 10));
  expect(byTime.summary().a?.measures.temperature).toMatchObject({ points: 6 });
  expect(byTime.summary().a?.measures.temperature?.mean).toBeCloseTo(9.65, 9);
  const byNumber = new Stations({ ...options, windowPoints: 4 }, 0);
  for (let i = 0; i < 5_000; i++) byNumber.take(message(i / 1_000, i % 10));
  expect(byNumber.summary().a?.measures.temperature).toMatchObject({ points: 4, mean: 7.5 });
});

test("a late message counts, but the newest stays the newest", () => {
  const stations = new Stations(options, 0);
  stations.take(message(30, 10));
  stations.take(message(5, 20));
  expect(stations.summary().a).toMatchObject({
    latest: { temperature: 10 },
    measures: { temperature: { mean: 15 } },
  });
});
