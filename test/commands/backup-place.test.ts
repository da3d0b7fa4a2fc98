import * as path from "node:path";
import { archiveAt, destinationAt } from "../../commands/backup-place";
import { weatherFolder } from "../../embedded/folder";
import { projectRoot } from "../../commands/arguments";

const variables = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
beforeEach(() => {
  for (const variable of variables) Reflect.deleteProperty(process.env, variable);
});

test("a folder is one relative to where the command runs, and by default one of the clone", () => {
  expect(destinationAt(undefined, undefined).place).toBe(path.join(weatherFolder(projectRoot), "backups"));
  expect(destinationAt("kept", undefined).place).toBe(path.resolve("kept"));
  expect(archiveAt("/srv/a.tar", undefined).name).toBe("/srv/a.tar");
});

test.each([
  ["s3://backups", "s3://backups"],
  ["s3://backups/", "s3://backups"],
  ["s3://backups/weather/prod/", "s3://backups/weather/prod"],
])("%s is a bucket", (given, place) => {
  expect(destinationAt(given, "https://s3.example").place).toBe(place);
  expect(destinationAt(given, undefined).place).toBe(place);
});

test("a backup in a bucket is the last part of its name", () => {
  expect(archiveAt("s3://backups/weather/a.tar", "https://s3.example").name).toBe(
    "s3://backups/weather/a.tar",
  );
  expect(archiveAt("s3://backups/a.tar", undefined).name).toBe("s3://backups/a.tar");
});

test("what names no bucket or backup is refused with what to write instead", () => {
  expect(() => destinationAt("s3:///weather", undefined)).toThrow(/must be s3:\/\/BUCKET or/);
  expect(() => destinationAt("s3:backups", undefined)).toThrow(/must be s3:\/\/BUCKET or/);
  expect(() => archiveAt("s3://backups", undefined)).toThrow(/must be s3:\/\/BUCKET\/PREFIX\/FILE/);
  expect(() => archiveAt("s3://backups/weather/", undefined)).toThrow(/must be s3:\/\/BUCKET\/PREFIX\/FILE/);
  expect(() => destinationAt("s3://backups", "s3.example")).toThrow(/must be an http or https address/);
  expect(() => destinationAt("/srv", "https://s3.example")).toThrow(/--endpoint is an S3 store's/);
});
