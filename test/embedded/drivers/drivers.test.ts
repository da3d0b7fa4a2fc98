import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { type PlacedContainer } from "../../../embedded/containers/place";
import { appDriver } from "../../../embedded/drivers/app";
import { type ProgramCommand, type Steps } from "../../../embedded/drivers/driver";
import { influxdbDriver } from "../../../embedded/drivers/influxdb";
import { kafkaDriver } from "../../../embedded/drivers/kafka";
import { telegrafDriver } from "../../../embedded/drivers/telegraf";
import { placedContainer, scratchFolder } from "../scratch";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const container = (change: Partial<PlacedContainer> = {}) => placedContainer(path.join(folder, "c"), change);

/** Steps that record what they're given and do nothing. */
function recorded(code = 0): { steps: Steps; commands: ProgramCommand[] } {
  const commands: ProgramCommand[] = [];
  return {
    commands,
    steps: {
      toEnd: (command) => {
        commands.push(command);
        return Promise.resolve(code);
      },
      during: async (command, work) => {
        commands.push(command);
        await work();
      },
    },
  };
}

const noSteps = recorded().steps;

describe("kafka", () => {
  const install = { version: "4.3.1", classPath: "/jars/*", java: "/bin/java", jvmOptions: ["-Xshare:auto"] };
  const environment = () => ({
    CLUSTER_ID: "own",
    KAFKA_LOG_DIRS: path.join(folder, "data"),
    KAFKA_LISTENERS: "INTERNAL://:9092,HOST://:19092,CONTROLLER://:9093",
    KAFKA_ADVERTISED_LISTENERS: "INTERNAL://127.70.0.1:9092,HOST://127.0.0.1:19092",
    KAFKA_HEAP_OPTS: "-Xms256m -Xmx256m",
  });

  test("the image's own wrapper sets it up, then the broker starts with the heap of the container", async () => {
    const { steps, commands } = recorded();
    const placed = container({ address: "127.70.0.1", environment: environment() });
    const command = await kafkaDriver(install).start(placed, steps);
    expect(commands).toEqual([
      expect.objectContaining({
        file: "/bin/java",
        args: expect.arrayContaining(["-cp", "/jars/*", "kafka.docker.KafkaDockerWrapper", "setup"]),
      }),
    ]);
    expect(command.file).toBe("/bin/java");
    expect(command.args.slice(0, 2)).toEqual(["-Xms256m", "-Xmx256m"]);
    expect(command.args.slice(-5)).toEqual([
      ...["-Xshare:auto", "-cp", "/jars/*", "kafka.Kafka"],
      path.join(placed.folder, "config", "server.properties"),
    ]);
    for (const given of [commands[0]?.environment, command.environment]) {
      expect(given).toEqual({
        ...environment(),
        KAFKA_LISTENERS: "INTERNAL://127.70.0.1:9092,HOST://127.70.0.1:19092,CONTROLLER://127.70.0.1:9093",
      });
    }
    expect(fs.existsSync(path.join(placed.folder, "defaults", "server.properties"))).toBe(true);
  });

  test("a wrapper that refuses a formatted folder is a success; one that fails on an empty folder is not", async () => {
    const placed = container({ environment: environment() });
    await expect(kafkaDriver(install).start(placed, recorded(1).steps)).rejects.toThrow(
      `weather-test-thing could not be set up; see ${path.join(placed.folder, "log")}`,
    );
    fs.mkdirSync(path.join(folder, "data"));
    fs.writeFileSync(path.join(folder, "data", "meta.properties"), "");
    expect((await kafkaDriver(install).start(placed, recorded(1).steps)).args).toContain("kafka.Kafka");
  });
});

describe("influxdb", () => {
  const setUp = { DOCKER_INFLUXDB_INIT_MODE: "setup", DOCKER_INFLUXDB_INIT_USERNAME: "admin" };
  const given = () => ({
    ...setUp,
    DOCKER_INFLUXDB_INIT_PASSWORD_FILE: path.join(folder, "password"),
    DOCKER_INFLUXDB_INIT_ADMIN_TOKEN: "operator",
    DOCKER_INFLUXDB_INIT_ORG: "myorg",
    DOCKER_INFLUXDB_INIT_BUCKET: "weather",
  });
  const data = () => path.join(folder, "c", "root", "var/lib/influxdb2");

  // The port is the image's own and fixed, so the server has an address of its own.
  const address = "127.99.17.5";
  let server: http.Server | undefined;
  afterEach(async () => {
    const open = server;
    if (open) await new Promise((resolve) => open.close(resolve));
    server = undefined;
  });

  /** The server that is being set up; records the set-up it's sent. */
  async function serve(setupStatus: number): Promise<unknown[]> {
    const sent: unknown[] = [];
    const made = (server = http.createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        if (request.url === "/api/v2/setup") sent.push(JSON.parse(text));
        response.writeHead(request.url === "/ping" ? 204 : setupStatus, { connection: "close" }).end();
      });
    }));
    await new Promise<void>((resolve) => made.listen(9_999, address, resolve));
    return sent;
  }

  test("on an empty volume it's set up at a port of its own first, secrets from their files", async () => {
    fs.writeFileSync(path.join(folder, "password"), "from a file");
    const sent = await serve(201);
    const { steps, commands } = recorded();
    const command = await influxdbDriver("/influxd").start(
      container({ address, environment: given() }),
      steps,
    );
    expect(commands).toEqual([
      expect.objectContaining({ file: "/influxd", args: ["--http-bind-address", `${address}:9999`] }),
    ]);
    expect(sent).toEqual([
      { username: "admin", password: "from a file", org: "myorg", bucket: "weather", token: "operator" },
    ]);
    expect(command).toMatchObject({
      ...{ file: "/influxd", args: [] },
      environment: {
        INFLUXD_BOLT_PATH: path.join(data(), "influxd.bolt"),
        INFLUXD_ENGINE_PATH: path.join(data(), "engine"),
        INFLUXD_HTTP_BIND_ADDRESS: `${address}:8086`,
      },
    });
  });

  test("what's set up already is only started", async () => {
    fs.mkdirSync(data(), { recursive: true });
    fs.writeFileSync(path.join(data(), "influxd.bolt"), "");
    const { steps, commands } = recorded();
    await influxdbDriver("/influxd").start(container({ address, environment: given() }), steps);
    expect(commands).toEqual([]);
  });

  test("a set-up that failed leaves no half of one behind", async () => {
    fs.writeFileSync(path.join(folder, "password"), "short");
    await serve(422);
    const start = influxdbDriver("/influxd").start(container({ address, environment: given() }), noSteps);
    await expect(start).rejects.toThrow("InfluxDB refused its set-up");
    expect(fs.existsSync(data())).toBe(false);
  });

  test("what the image requires and the container lacks is named", async () => {
    const start = influxdbDriver("/influxd").start(container({ environment: setUp }), noSteps);
    await expect(start).rejects.toThrow("DOCKER_INFLUXDB_INIT_PASSWORD is required");
  });
});

describe("telegraf", () => {
  test.each<[command: string[], args: string[]]>([
    [
      ["telegraf", "--config", "/f"],
      ["--config", "/f"],
    ],
    [[], []],
  ])("%j becomes the program with %j", async (command, args) => {
    const started = await telegrafDriver("/telegraf").start(
      container({ command, environment: { A: "1" } }),
      noSteps,
    );
    expect(started).toEqual({ file: "/telegraf", args, environment: { A: "1" } });
  });

  test("another command is refused", () => {
    expect(() => telegrafDriver("/telegraf").start(container({ command: ["sh"] }), noSteps)).toThrow(
      /not "sh"/,
    );
  });
});

describe("apps", () => {
  const context = (dockerfile: string) => {
    fs.writeFileSync(path.join(folder, "Dockerfile"), dockerfile);
    return appDriver(folder);
  };

  test("a bundle is started under this Node, with the container's command after it", async () => {
    const driver = context(
      'FROM node:24\nCOPY app.js /app/app.js\nUSER node\nENTRYPOINT ["node", "/app/app.js"]\n',
    );
    const placed = container({
      command: ["/etc/weather/config.json"],
      environment: { NODE_ENV: "production" },
    });
    expect(await driver.start(placed, noSteps)).toEqual({
      file: process.execPath,
      args: [path.join(folder, "app.js"), "/etc/weather/config.json"],
      environment: { NODE_ENV: "production" },
    });
  });

  test("an image of another making is refused", () => {
    expect(() => context("FROM scratch\n").start(container(), noSteps)).toThrow(/no COPY and ENTRYPOINT/);
  });
});
