import * as fs from "node:fs";
import * as path from "node:path";
import { type EnginePlan, readEnginePlan } from "../../commands/preview-plan";

const folder = path.join(__dirname, "fixtures");

/** Names of the recorded previews: what was changed on a deployed pipeline before each. See record.ts. */
export const recordings = fs.readdirSync(folder).map((file) => path.basename(file, ".ndjson"));

/** A preview of Pulumi's real engine (v3.270.0) against a pipeline that was deployed with three brokers and four partitions. */
export function recorded(name: string): EnginePlan {
  return readEnginePlan(fs.readFileSync(path.join(folder, `${name}.ndjson`), "utf8").split("\n"));
}
