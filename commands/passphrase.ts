import * as fs from "node:fs";
import { UserError } from "../embedded/stack-config";

/** The passphrase in a file, without white space at its ends; undefined where no file is named. @throws UserError where there is none in it. */
export function passphraseIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UserError(`--passphrase-file: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text === "") throw new UserError(`--passphrase-file: ${file} is empty`);
  return text;
}
