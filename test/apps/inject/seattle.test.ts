import { parseNormals, seattleNormals, seattleSource } from "../../../apps/inject/seattle";

test("the data set is read as it is", () => {
  const normals = seattleNormals();
  expect(normals.length).toBe(8_759);
  expect(normals[0]).toEqual({ hourOfYear: 1, pressure: 1016.6, temperature: 4, wind: 3.8 });
});

test("a line that can't be read is named", () => {
  expect(() => parseNormals("date,pressure,temperature,wind\n2010-01-01T01:00:00,1016.6,,3.8")).toThrow(
    "line 2 of",
  );
  expect(() => parseNormals("date,wind\n")).toThrow("unknown head line");
});

test("the replay starts at Seattle's hour of the year, keeps its speed and begins again at the end", () => {
  const normals = seattleNormals();
  // 23:00 on 31 December in Seattle.
  const start = Date.UTC(2026, 0, 1, 7);
  const source = seattleSource(normals, { simulatedHoursPerMinute: 120 }, start);
  const points = source.due(start + 1_000);
  expect(points.map(({ temperature }) => temperature)).toEqual([4.3, 4, 3.9]);
  expect(points.map(({ timeNs }) => Number(timeNs / 1_000_000n) - start)).toEqual([0, 500, 1_000]);
  expect(points.every(({ station }) => station === "seattle")).toBe(true);
});
