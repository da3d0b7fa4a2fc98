import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { javaNeed } from "../../embedded/acquire/kafka";
import { mavenJars } from "../../embedded/acquire/maven";
import { follow, type Recipe, requireToolsFor, siteOf } from "../../embedded/acquire/recipe";
import { eventually, freePorts } from "./run";

const version = "4.1.0";

/** S3Proxy: a server of S3's protocol before a folder, which, unlike most servers made for tests, checks signatures. */
const recipe: Recipe = {
  item: `s3proxy-${version}`,
  proof: `libs/s3proxy-${version}.jar`,
  tools: [{ tool: "mvn", purpose: "to download a server of S3's protocol" }],
  make: mavenJars([
    ["org.gaul", "s3proxy", version],
    // By itself Maven takes the one of another Jackson, which is nearer and too old.
    ["com.fasterxml.jackson.core", "jackson-annotations", "2.22"],
  ]),
};

const logbackXml = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %level %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
`;

/** A server of a test's own, which may go and come back with its data. */
export interface TestS3 {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where a bucket's objects lie, each as a file. */
  readonly bucketFolder: (bucket: string) => string;
  start(): Promise<void>;
  /** Ends it by its id; nobody answers at its port then. */
  stop(): Promise<void>;
}

/** Obtains the server and prepares one with its data in `folder`, on 127.0.0.1; `start` starts it. */
export async function testS3(folder: string): Promise<TestS3> {
  const site = siteOf(() => undefined);
  await requireToolsFor([recipe], [javaNeed], site);
  const classPath = path.join(await follow(recipe, site), "libs", "*");
  const data = path.join(folder, "data");
  fs.mkdirSync(data, { recursive: true });
  const [port] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "tester", secretAccessKey: "only-for-tests" };
  const properties = path.join(folder, "s3proxy.properties");
  fs.writeFileSync(
    properties,
    [
      `s3proxy.endpoint=${endpoint}`,
      "s3proxy.authorization=aws-v4",
      `s3proxy.identity=${credentials.accessKeyId}`,
      `s3proxy.credential=${credentials.secretAccessKey}`,
      "jclouds.provider=filesystem-nio2",
      `jclouds.filesystem.basedir=${data}`,
      "",
    ].join("\n"),
  );
  const logging = path.join(folder, "logback.xml");
  fs.writeFileSync(logging, logbackXml);
  const log = path.join(folder, "s3proxy.log");
  let server: ChildProcess | undefined;
  return {
    endpoint,
    credentials,
    bucketFolder: (bucket) => path.join(data, bucket),
    start: async () => {
      const output = fs.openSync(log, "a");
      const started = spawn(
        site.findTool("java") ?? "java",
        [
          ...["-Xmx192m", `-Dlogback.configurationFile=${logging}`, "-cp", classPath],
          ...["org.gaul.s3proxy.Main", "--properties", properties],
        ],
        { stdio: ["ignore", output, output] },
      );
      fs.closeSync(output);
      server = started;
      const ended = new Promise<never>((_, reject) =>
        started.once("exit", () => {
          reject(new Error(`the server ended: ${fs.readFileSync(log, "utf8")}`));
        }),
      );
      const answers = async () => (await fetch(endpoint)).status;
      await Promise.race([ended, eventually(answers, (status) => status === 403, 30_000)]);
      ended.catch(() => undefined);
    },
    stop: async () => {
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const running = server;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill("SIGKILL");
      await ended;
    },
  };
}
