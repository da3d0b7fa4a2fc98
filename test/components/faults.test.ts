import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { schemaFaults, throwIfAny, under } from "../../components/faults";

test("faults seen from one level up keep their index and their own path", () => {
  expect(
    under("ports[1]", [
      { propertyPath: "host", reason: "a" },
      { propertyPath: "[2].x", reason: "b" },
      { propertyPath: "", reason: "c" },
    ]),
  ).toEqual([
    { propertyPath: "ports[1].host", reason: "a" },
    { propertyPath: "ports[1][2].x", reason: "b" },
    { propertyPath: "ports[1]", reason: "c" },
  ]);
});

const schema = z.strictObject({
  list: z.array(z.strictObject({ size: z.int("must be whole") })),
  text: z.string("must be a text"),
});

test("a schema's complaints have the path as one would write it, and name every unknown setting", () => {
  expect(
    schemaFaults(schema, { list: [{ size: 1 }, { size: 1.5, colour: 1 }], text: 1, more: 1, less: 2 }),
  ).toEqual([
    { propertyPath: "list[1].size", reason: "must be whole" },
    { propertyPath: "list[1].colour", reason: "there is no such setting" },
    { propertyPath: "text", reason: "must be a text" },
    { propertyPath: "more", reason: "there is no such setting" },
    { propertyPath: "less", reason: "there is no such setting" },
  ]);
});

test("what fits has no faults, and none means no error", () => {
  const faults = schemaFaults(schema, { list: [], text: "" });
  expect(faults).toEqual([]);
  expect(() => {
    throwIfAny("Thing", faults);
  }).not.toThrow();
});

test("all faults are thrown once, for Pulumi by path and for a reader by line", () => {
  const faults = [
    { propertyPath: "a", reason: "too much" },
    { propertyPath: "b[0]", reason: "too little" },
  ];
  let thrown: unknown;
  try {
    throwIfAny("Thing x", faults);
  } catch (error) {
    thrown = error;
  }
  expect(pulumi.InputPropertiesError.isInstance(thrown)).toBe(true);
  expect(thrown).toMatchObject({
    message: "Thing x can't be declared as written:\n  a: too much\n  b[0]: too little",
    errors: faults,
  });
});
