import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { mavenJars } from "../../embedded/acquire/maven";
import { follow, type Recipe, requireToolsFor, siteOf } from "../../embedded/acquire/recipe";
import { javaNeed } from "../../embedded/acquire/kafka";
import { freePorts } from "./run";

const version = "1.47.0";

/**
 * A server that speaks MongoDB's wire protocol and keeps its data in a file, for where no mongod can be obtained. It knows no logins,
 * and takes a write concern without a word.
 */
const recipe: Recipe = {
  item: `mongo-java-server-${version}`,
  proof: `libs/mongo-java-server-h2-backend-${version}.jar`,
  tools: [{ tool: "mvn", purpose: "to download a server of MongoDB's protocol" }],
  make: mavenJars([["de.bwaldvogel", "mongo-java-server-h2-backend", version]]),
};

/** Its own main class knows one port only; and it tells clients an older protocol than MongoDB 5.0's, which it is at. */
const program = `
import de.bwaldvogel.mongo.*;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;

public class Server {
  public static void main(String[] args) {
    var version = new MongoVersion() {
      public List<Integer> getVersionArray() { return List.of(5, 0, 0); }
      public int getWireVersion() { return 13; }
    };
    var server = new MongoServer(new H2Backend(args[0]).version(version));
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
    server.bind("127.0.0.1", Integer.parseInt(args[1]));
    System.out.println("bound");
  }
}
`;

/** A server of a test's own, which may go and come back with its data. */
export interface TestMongo {
  readonly url: string;
  start(): Promise<void>;
  /** Ends it in order, so that its file is whole; nobody answers at its port then. */
  stop(): Promise<void>;
}

/** Obtains the server and prepares one with its data in `folder`; `start` starts it. */
export async function testMongo(folder: string): Promise<TestMongo> {
  const site = siteOf(() => undefined);
  await requireToolsFor([recipe], [javaNeed], site);
  const classPath = path.join(await follow(recipe, site), "libs", "*");
  const source = path.join(folder, "Server.java");
  fs.writeFileSync(source, program);
  const [port] = await freePorts(1);
  let server: ChildProcess | undefined;
  return {
    url: `mongodb://127.0.0.1:${port}`,
    start: async () => {
      const started = spawn(
        site.findTool("java") ?? "java",
        ["-Xmx256m", "-cp", classPath, source, path.join(folder, "mongo.h2"), String(port)],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      server = started;
      await new Promise<void>((resolve, reject) => {
        started.once("exit", (code) => {
          reject(new Error(`the server ended with code ${String(code)}`));
        });
        started.stdout.on("data", (text: Buffer) => {
          if (text.toString().includes("bound")) resolve();
        });
      });
    },
    stop: async () => {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const running = server;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGTERM");
      await ended;
    },
  };
}
