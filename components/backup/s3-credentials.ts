import * as fs from "node:fs";
import { type z } from "zod";
import { type s3Credentials } from "../../apps/backup/config";

/** An access key of a store, as the program reads it. */
export type AccessKey = z.output<typeof s3Credentials>;

/**
 * The access key in a file of the AWS CLI's form (`~/.aws/credentials`): of its section `[default]`, or of a file without sections.
 *
 * @returns undefined where the file can't be read, or lacks one of the two.
 */
export function readAccessKey(file: string): AccessKey | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  const found = new Map<string, string>();
  let isOurs = true;
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (section !== undefined) isOurs = section === "default";
    const [, key, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (isOurs && key !== undefined && value !== undefined) found.set(key, value);
  }
  const accessKeyId = found.get("aws_access_key_id");
  const secretAccessKey = found.get("aws_secret_access_key");
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey };
}
