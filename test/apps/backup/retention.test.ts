import { backupName, backupsAmong, expired } from "../../../apps/backup/retention";

const day = 86_400_000;
const now = Date.parse("2026-01-31T10:00:00Z");
const daily = [3, 0, 2, 1].map((days) => ({ file: `${days} days old`, begunMs: now - days * day }));
const gone = (retention: Parameters<typeof expired>[1]) =>
  expired(daily, retention, now).map(({ file }) => file);

test("the newest are kept", () => {
  expect(gone({ keep: 2 })).toEqual(["2 days old", "3 days old"]);
  expect(gone({ keep: 4 })).toEqual([]);
});

test("what is too old goes although there is room, but never the newest", () => {
  expect(gone({ keep: 10, keepForMs: 1.5 * day })).toEqual(["2 days old", "3 days old"]);
  expect(expired(daily.slice(0, 1), { keep: 1, keepForMs: 1 }, now)).toEqual([]);
});

test("a name tells its environment and time, and files that are none are left alone", () => {
  const name = backupName("weather-dev", now, false);
  expect(name).toBe("weather-dev-20260131T100000Z.tar");
  const encrypted = backupName("weather-dev", now + 1_000, true);
  const files = [
    name,
    encrypted,
    `${name}.partial`,
    "weather-dev-2-20260131T100000Z.tar",
    "notes.txt",
    "weather-dev-99999999T999999Z.tar",
  ];
  expect(backupsAmong(files, "weather-dev")).toEqual([
    { file: encrypted, begunMs: now + 1_000 },
    { file: name, begunMs: now },
  ]);
});
