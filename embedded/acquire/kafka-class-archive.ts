import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import * as path from "node:path";
import { BuildFailedError } from "./build-step";
import { follow, type Recipe, type Site } from "./recipe";
import { javaIdentity } from "./toolchain";

/** Longest time a broker's first start may take on a busy machine, in ms. */
const trainingLimitMs = 120_000;

const archive = "broker.jsa";

/**
 * JVM options for an archive of the classes that a broker loads (AppCDS), made once for each Kafka and Java by starting and
 * ending a broker. Measured on 2 cores with Java 17: a broker starts in 1.4 s instead of 2.4 s, KafkaDockerWrapper's set-up
 * takes 0.7 s instead of 1.1 s. Where no archive can be made there are no options: it only saves time.
 */
export async function kafkaClassArchive(
  kafka: { item: string; classPath: string; java: string },
  site: Site,
): Promise<string[]> {
  // The archive fits one build of Java only.
  const identity = [kafka.java, await javaIdentity(kafka.java, site.env)].join("\n");
  const hash = createHash("sha256").update(identity).digest("hex").slice(0, 8);
  const recipe: Recipe = {
    item: `${kafka.item}-classes-${hash}`,
    proof: archive,
    tools: [],
    make: async (folder, run) => {
      const data = path.join(folder, "data");
      const properties = path.join(folder, "server.properties");
      const [client, controller] = await freePorts();
      await fs.writeFile(
        properties,
        [
          "process.roles=broker,controller",
          "node.id=1",
          `controller.quorum.voters=1@127.0.0.1:${controller}`,
          `listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
          "controller.listener.names=CONTROLLER",
          "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
          `log.dirs=${data}`,
        ].join("\n"),
      );
      const java = (phase: string, args: string[], endAfter?: RegExp) =>
        run({
          phase,
          command: kafka.java,
          args: ["-Xmx256m", "-Dlog4j2.level=INFO", "-cp", kafka.classPath, ...args],
          cwd: folder,
          read: () => undefined,
          limitMs: trainingLimitMs,
          ...(endAfter && { endAfter }),
        });
      const format = ["kafka.tools.StorageTool", "format", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAA"];
      await java("preparing a quick start", [...format, "--config", properties]);
      await java(
        "preparing a quick start",
        [`-XX:ArchiveClassesAtExit=${path.join(folder, archive)}`, "kafka.Kafka", properties],
        /Kafka Server started/,
      );
      await fs.rm(data, { recursive: true });
    },
  };
  try {
    const folder = await follow(recipe, site);
    // An archive that doesn't fit is left unused without a word.
    return [`-XX:SharedArchiveFile=${path.join(folder, archive)}`, "-Xshare:auto", "-Xlog:cds*=off"];
  } catch (error) {
    site.signal?.throwIfAborted();
    const detail = error instanceof BuildFailedError ? `see ${error.log}` : String(error);
    site.progress({ item: recipe.item, phase: "left out", detail });
    return [];
  }
}

/** Two ports of the loopback address that are free at this moment. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => {
            resolve((server.address() as AddressInfo).port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  const [first = 0, second = 0] = ports;
  return [first, second];
}
