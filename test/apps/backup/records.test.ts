import { recordLine, recordsIn } from "../../../apps/backup/records";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test("a record comes back byte by byte, with its offset, time and headers", () => {
  const line = recordLine({
    offset: "9007199254740993",
    timestamp: "1769853600123",
    attributes: 0,
    key: everyByte,
    value: Buffer.from('{"temperature":21.5,"city":"Zürich"}\n\u2028'),
    headers: { id: Buffer.from("a"), many: [everyByte, Buffer.from("b")] },
  });
  expect(line.trimEnd().split("\n")).toHaveLength(1);
  const [stored] = recordsIn(Buffer.from(line), 2);
  expect(stored).toEqual({
    offset: 9007199254740993n,
    record: {
      partition: 2,
      timestampMs: 1769853600123,
      key: everyByte,
      value: Buffer.from('{"temperature":21.5,"city":"Zürich"}\n\u2028'),
      headers: { id: [Buffer.from("a")], many: [everyByte, Buffer.from("b")] },
    },
  });
});

test("no key and no value stay none", () => {
  const line = recordLine({
    offset: "0",
    timestamp: "0",
    attributes: 0,
    key: null,
    value: null,
    headers: {},
  });
  expect(recordsIn(Buffer.from(line + line), 0)).toHaveLength(2);
  expect(recordsIn(Buffer.from(line), 0)[0]?.record).toMatchObject({ key: null, value: null, headers: {} });
});
