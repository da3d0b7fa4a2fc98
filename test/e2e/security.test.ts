import * as fs from "node:fs";
import * as path from "node:path";
import { describeSecurity } from "./security";
import { EmbeddedStack } from "./stack";

const stack = new EmbeddedStack([], "staging");

function files(folder: string, pattern: RegExp): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => pattern.test(file))
    .map((file) => path.join(folder, file));
}

describe("staging as local processes", () => {
  describeSecurity({
    stack,
    fileMode: 0o400,
    fileModes: () =>
      Promise.resolve(files(stack.folder.containers, /\.pem$/).map((file) => fs.statSync(file).mode & 0o777)),
    visible: async () => {
      const { services } = await stack.status();
      const processes = services.flatMap(({ pid }) =>
        pid === undefined ? [] : ["cmdline", "environ"].map((what) => `/proc/${pid}/${what}`),
      );
      return [...files(stack.folder.root, /(^|\/)(log|supervisor\.log)$/), ...processes].map((file) =>
        fs.readFileSync(file, "utf8"),
      );
    },
  });
});
