import { checkMessage } from "../../../apps/shared/message";
import { Observations } from "../../../commands/chaos/observations";

const startMs = Date.parse("2026-01-31T10:00:00Z");

test("what falls due keeps to the rate, over all stations", () => {
  const observations = new Observations(["a", "b", "c", "d"], startMs, 2_000);
  expect(observations.dueAt(startMs - 1)).toBe(0);
  expect(observations.dueAt(startMs)).toBe(1);
  expect(4 * (observations.dueAt(startMs + 60_000) - 1)).toBe(120_000);
});

test.each([1, 3, 7, 100, 2_000])(
  "at %d a second each is found again by its id, and no other",
  (perSecond) => {
    const observations = new Observations(["run-1", "run-2"], startMs, perSecond);
    for (const station of [0, 1]) {
      for (let number = 0; number < 50; number++) {
        const point = observations.at(station, number);
        const id = observations.idOf(point);
        expect(observations.find(id)).toEqual({ station, number });
        expect(observations.find(id.replace("run-", "run"))).toBeUndefined();
        expect(observations.find(`${point.station}@${point.timeNs + 1n}`)).toBeUndefined();
        const time = new Date(Number(point.timeNs / 1_000_000n)).toISOString();
        expect(checkMessage({ ...point, time })).toMatchObject({ message: { station: point.station } });
      }
    }
    expect(observations.find("run-1@1")).toBeUndefined();
    expect(observations.find("run-1@later")).toBeUndefined();
    expect(observations.find("")).toBeUndefined();
  },
);
