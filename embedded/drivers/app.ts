import * as fs from "node:fs";
import * as path from "node:path";
import { type Driver } from "./driver";

/** An image that the program builds from a bundle: what its Dockerfile starts, under this machine's Node.js. */
export function appDriver(contextFolder: string): Driver {
  return {
    start(container) {
      const dockerfile = fs.readFileSync(path.join(contextFolder, "Dockerfile"), "utf8");
      const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1];
      const copied = /^COPY (\S+) (\S+)$/m.exec(dockerfile);
      if (entrypoint === undefined || copied?.[1] === undefined)
        throw new Error(`${contextFolder}/Dockerfile has no COPY and ENTRYPOINT of one bundle`);
      const bundle = path.join(contextFolder, copied[1]);
      const words = (JSON.parse(entrypoint) as string[]).map((word) => (word === copied[2] ? bundle : word));
      const args = words[0] === "node" ? words.slice(1) : words;
      return Promise.resolve({
        file: process.execPath,
        args: [...args, ...container.command],
        environment: container.environment,
      });
    },
  };
}
