import { type WeatherMessage } from "../../../apps/shared/message";
import { eventTime, Window } from "../../../apps/consumer/window";

const message = (temperature: number, humidity?: number): WeatherMessage => ({
  ...{ station: "a", time: "2026-01-01T00:00:00Z", temperature, pressure: 1000, wind: 3 },
  ...(humidity !== undefined && { humidity }),
});
const at = (ms: number, nanos = 0) => ({ ms, nanos });

test("an event time keeps its nanoseconds", () => {
  expect(eventTime("2026-01-31T10:00:00.123456789Z")).toEqual({
    ms: Date.UTC(2026, 0, 31, 10, 0, 0, 123),
    nanos: 456_789,
  });
  expect(() => eventTime("yesterday")).toThrow(RangeError);
});

test("it is a queue, however its ring lies and grows", () => {
  const window = new Window();
  const kept: number[] = [];
  let next = 0;
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < 7; i++) {
      window.add(at(next), message(next));
      kept.push(next++);
    }
    for (let i = 0; i < (round % 3) * 4; i++) {
      const left: number[] = [];
      window.dropOldest((measure, value) => {
        if (measure === "temperature") left.push(value);
      });
      expect(left).toEqual(kept.splice(0, 1));
    }
    expect([window.size, window.oldestMs, window.newestMs]).toEqual([kept.length, kept[0], next - 1]);
  }
  expect(kept.length).toBeGreaterThan(500);
  expect(window.inTime().map(([time]) => time)).toEqual(kept);
  for (const time of kept) expect(window.has(at(time))).toBe(true);
  expect(window.has(at((kept[0] ?? 0) - 1))).toBe(false);
});

test("an empty one has nothing to drop", () => {
  const window = new Window();
  const left = jest.fn();
  window.dropOldest(left);
  expect(left).not.toHaveBeenCalled();
  expect([window.size, window.oldestMs, window.has(at(0)), window.inTime()]).toEqual([
    0,
    undefined,
    false,
    [],
  ]);
});

test("what a point lacks is told as null, and isn't handed on when it leaves", () => {
  const window = new Window();
  window.add(at(2_000), message(1));
  window.add(at(1_000), message(2, 60));
  expect(window.inTime()).toEqual([
    [1_000, 2, 1000, 3, 60],
    [2_000, 1, 1000, 3, null],
  ]);
  const left: string[] = [];
  window.dropOldest((measure, value) => left.push(`${measure} ${value}`));
  expect(left).toEqual(["temperature 1", "pressure 1000", "wind 3"]);
});
