import { publicationOf } from "../../../apps/producer/publication";

const point = {
  station: "a",
  time: "2026-01-31T10:00:00.123456789Z",
  fields: { temperature: 1, pressure: 1000, wind: 2 },
  id: "a@1769853600123456789",
  timeMs: 1_769_853_600_123,
};

test("a point becomes a message with its station as key and its own time", () => {
  expect(publicationOf(point)).toEqual({
    kind: "message",
    record: {
      key: "a",
      value:
        '{"station":"a","time":"2026-01-31T10:00:00.123456789Z","temperature":1,"pressure":1000,"wind":2}',
      headers: { "schema-version": "1", "message-id": "a@1769853600123456789" },
      timestampMs: 1_769_853_600_123,
    },
  });
});

test.each([
  [{ temperature: 1, wind: 2 }, "pressure: is missing"],
  [{ ...point.fields, temperature: 99 }, "temperature: 99 is outside -90..60"],
  [{ ...point.fields, wind: "strong" }, "wind: must be a number"],
])("a point with fields %j becomes a dead letter that says why", (fields, reason) => {
  const publication = publicationOf({ ...point, fields });
  expect(publication).toMatchObject({ kind: "dead letter", reason });
  expect(publication.record.headers).toMatchObject({ "message-id": point.id, reason, source: "influxdb" });
});
