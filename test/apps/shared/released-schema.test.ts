import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { decodeMessage, messageSchema, schemaVersion } from "../../../apps/shared/message";
import { breakingChanges, type ObjectSchema } from "./breaking-changes";

const current = z.toJSONSchema(messageSchema);
const folder = path.join(__dirname, "released-schemas");
const released = new Map(
  fs
    .readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [
      path.basename(file, ".json").slice(1),
      JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as unknown,
    ]),
);

test("the current version is a released one, and the schema has no change that breaks it", () => {
  expect([...released.keys()]).toContain(schemaVersion);
  expect(breakingChanges(released.get(schemaVersion), current)).toEqual([]);
});

test("every released version is still read", () => {
  const message = { station: "a", time: "2026-01-31T10:00:00Z", temperature: 1, pressure: 1_000, wind: 2 };
  for (const version of released.keys())
    expect(decodeMessage(Buffer.from(JSON.stringify(message)), version)).toMatchObject({ message });
});

const schema: ObjectSchema = {
  required: ["station", "wind"],
  properties: {
    station: { type: "string", minLength: 1, maxLength: 200 },
    wind: { type: "number", minimum: 0, maximum: 120 },
    humidity: { type: "number" },
  },
};
const { station, wind, humidity } = schema.properties;
const changed = (properties: Partial<ObjectSchema["properties"]>, required = schema.required) =>
  breakingChanges(schema, {
    required,
    properties: Object.fromEntries(
      Object.entries({ ...schema.properties, ...properties }).filter(([, property]) => property),
    ),
  });

test.each([
  ["a removed property", changed({ humidity: undefined }), ["humidity is gone"]],
  ["another type", changed({ wind: { ...wind, type: "string" } }), ["wind was number, is string"]],
  [
    "a newly required one",
    changed({ rain: { type: "number" } }, ["station", "wind", "rain"]),
    ["rain is newly required"],
  ],
  [
    "an optional one made required",
    changed({}, ["station", "wind", "humidity"]),
    ["humidity is newly required"],
  ],
  ["a required one made optional", changed({}, ["station"]), ["wind was required, is optional"]],
  [
    "a higher minimum",
    changed({ wind: { ...wind, type: "number", minimum: 1 } }),
    ["wind has a higher minimum"],
  ],
  [
    "a new maximum",
    changed({ humidity: { type: "number", maximum: 100 } }),
    ["humidity has a lower maximum"],
  ],
  [
    "a shorter text",
    changed({ station: { type: "string", minLength: 1, maxLength: 20 } }),
    ["station has a lower maxLength"],
  ],
  [
    "all of them at once",
    changed({ station: undefined, wind: undefined }, ["x"]),
    ["station is gone", "wind is gone", "x is newly required"],
  ],
])("refused is %s", (_, found, expected) => {
  expect(found).toEqual(expected);
});

test("allowed are a new optional property, wider bounds, and no change at all", () => {
  expect(station).toBeDefined();
  expect(humidity).toBeDefined();
  expect(changed({})).toEqual([]);
  expect(changed({ rain: { type: "number" } })).toEqual([]);
  expect(changed({ wind: { type: "number", minimum: -1 }, station: { type: "string" } })).toEqual([]);
});

test("what is no schema of a message isn't passed over", () => {
  expect(() => breakingChanges({}, current)).toThrow(/properties/);
});
