import { type Driver } from "./driver";

/** `telegraf`: the program itself with the command line of the container. */
export function telegrafDriver(telegraf: string): Driver {
  return {
    start(container) {
      const [name = "telegraf", ...args] = container.command;
      if (name !== "telegraf")
        throw new Error(
          `the embedded run knows the command "telegraf" in this image, not ${JSON.stringify(name)}`,
        );
      return Promise.resolve({ file: telegraf, args, environment: container.environment });
    },
  };
}
