import {
  checkMessage,
  decodeMessage,
  epochNs,
  messageId,
  messageIdTimeMs,
} from "../../../apps/shared/message";

const valid = {
  station: "a",
  time: "2026-01-31T10:00:00.5Z",
  temperature: 12.5,
  pressure: 1013,
  wind: 3,
  humidity: 60,
};

describe("checkMessage", () => {
  test("takes a full message, and one without humidity", () => {
    expect(checkMessage(valid)).toEqual({ message: valid });
    const { humidity, ...rest } = valid;
    expect(humidity).toBe(60);
    expect(checkMessage(rest)).toEqual({ message: rest });
  });

  test.each([
    [{ temperature: undefined }, "temperature: is missing"],
    [{ temperature: "12" }, "temperature: must be a number"],
    [{ temperature: Number.NaN }, "temperature: must be a number"],
    [{ temperature: 60.1 }, "temperature: 60.1 is outside -90..60"],
    [{ temperature: -90.1 }, "temperature: -90.1 is outside -90..60"],
    [{ pressure: 299 }, "pressure: 299 is outside 300..1100"],
    [{ wind: -0.1 }, "wind: -0.1 is outside 0..120"],
    [{ humidity: 101 }, "humidity: 101 is outside 0..100"],
    [{ humidity: null }, "humidity: must be a number"],
    [{ station: "" }, "station: must be a name of 1..200 characters"],
    [{ station: 7 }, "station: must be a name of 1..200 characters"],
    [{ time: "2026-02-31T10:00:00Z" }, expect.stringMatching(/^time: must be ISO 8601/)],
    [{ time: "2026-01-31 10:00" }, expect.stringMatching(/^time: must be ISO 8601/)],
    [{ time: "1969-12-31T23:59:59Z" }, expect.stringMatching(/^time: must be ISO 8601/)],
  ])("refuses %j", (change, fault: unknown) => {
    expect(checkMessage({ ...valid, ...change })).toEqual({ fault });
  });

  test.each([null, 1, "x", [valid]])("refuses %j, which is no object", (value) => {
    expect(checkMessage(value)).toEqual({ fault: "not a JSON object" });
  });
});

test("decodeMessage tells apart what can't be read", () => {
  expect(decodeMessage(Buffer.from(JSON.stringify(valid)))).toEqual({ message: valid });
  expect(decodeMessage(null)).toEqual({ fault: "no value" });
  expect(decodeMessage(Buffer.from("{"))).toEqual({ fault: "not JSON" });
  expect(decodeMessage(Buffer.alloc(0))).toEqual({ fault: "no value" });
  expect(decodeMessage(Buffer.alloc(20_000, "1"))).toEqual({
    fault: "the value has 20000 bytes, more than 16384",
  });
});

test.each(["2", "-1", "0.9", "", "1 ", "toString", "__proto__"])(
  "version %j is unknown, and the reason names it",
  (version) => {
    expect(decodeMessage(Buffer.from(JSON.stringify(valid)), version)).toEqual({
      fault: `schema-version: ${JSON.stringify(version)} is unknown, 0 and 1 are read here`,
    });
  },
);

test.each([
  ["2026-01-31T10:00:00.5Z", "2026-01-31T10:00:00.5Z"],
  ["2026-01-31T11:00:00.5+01:00", "2026-01-31T10:00:00.500Z"],
  ["2026-01-31T05:30:00.500-0430", "2026-01-31T10:00:00.500Z"],
  [Date.UTC(2026, 0, 31, 10, 0, 0, 500), "2026-01-31T10:00:00.500Z"],
])("a message of version 0, written by hand, may tell its time as %j", (time, utc) => {
  const value = Buffer.from(JSON.stringify({ ...valid, time }));
  expect(decodeMessage(value, "0")).toEqual({ message: { ...valid, time: utc } });
  expect(decodeMessage(value)).toEqual(decodeMessage(value, "0"));
  if (time !== utc)
    expect(decodeMessage(value, "1")).toEqual({ fault: expect.stringMatching(/^time: must be ISO 8601/) });
});

test.each([1e300, "noon+01:00", null])("time %j can't be read in version 0 either", (time) => {
  expect(decodeMessage(Buffer.from(JSON.stringify({ ...valid, time })), "0")).toEqual({
    fault: expect.stringMatching(/^time: must be ISO 8601/),
  });
});

test("an id tells points of one millisecond apart and gives back their time", () => {
  const ids = [
    "2026-01-31T10:00:00.000000001Z",
    "2026-01-31T10:00:00.000000002Z",
    "2026-01-31T10:00:00Z",
  ].map((time) => messageId("a@b", epochNs(time) ?? ""));
  expect(ids).toEqual(["a@b@1769853600000000001", "a@b@1769853600000000002", "a@b@1769853600000000000"]);
  expect(ids.map(messageIdTimeMs)).toEqual([1769853600000, 1769853600000, 1769853600000]);
  expect(messageIdTimeMs("a@b")).toBeUndefined();
  expect(messageIdTimeMs(messageId("a", epochNs("1970-01-01T00:00:00.25Z") ?? ""))).toBe(250);
});
