import * as fs from "node:fs";
import * as path from "node:path";
import { type PlacedContainer } from "../containers/place";
import { type Driver, type Steps } from "./driver";

/** Port that the image listens at while it sets itself up, without TLS, so that no client meets a half-made server. */
const setupPort = 9999;

/** `influxdb`: on an empty volume with DOCKER_INFLUXDB_INIT_MODE=setup, creates user, organisation, bucket and token first. */
export function influxdbDriver(influxd: string): Driver {
  return {
    async start(container, steps) {
      const data = container.hostPath("/var/lib/influxdb2");
      const environment: Record<string, string> = {
        INFLUXD_BOLT_PATH: path.join(data, "influxd.bolt"),
        INFLUXD_SQLITE_PATH: path.join(data, "influxd.sqlite"),
        INFLUXD_ENGINE_PATH: path.join(data, "engine"),
        // influxd's own default binds every address.
        INFLUXD_HTTP_BIND_ADDRESS: `${container.address}:8086`,
        ...container.environment,
      };
      fs.mkdirSync(data, { recursive: true });
      const bolt = environment["INFLUXD_BOLT_PATH"] ?? "";
      if (environment["DOCKER_INFLUXDB_INIT_MODE"] === "setup" && !fs.existsSync(bolt)) {
        await setUp(influxd, container, environment, steps).catch((error: unknown) => {
          // As the image does: half a set-up would be taken for a whole one at the next start.
          fs.rmSync(data, { recursive: true, force: true });
          throw error;
        });
      }
      return { file: influxd, args: [], environment };
    },
  };
}

async function setUp(
  influxd: string,
  container: PlacedContainer,
  environment: Record<string, string>,
  steps: Steps,
): Promise<void> {
  const given = (name: string): string => {
    const file = environment[`DOCKER_INFLUXDB_INIT_${name}_FILE`];
    return file === undefined
      ? (environment[`DOCKER_INFLUXDB_INIT_${name}`] ?? "")
      : fs.readFileSync(file, "utf8");
  };
  for (const name of ["USERNAME", "PASSWORD", "ORG", "BUCKET"]) {
    if (given(name) === "")
      throw new Error(`DOCKER_INFLUXDB_INIT_${name} is required for DOCKER_INFLUXDB_INIT_MODE=setup`);
  }
  const address = `${container.address}:${setupPort}`;
  const plain = { ...environment, INFLUXD_TLS_CERT: "", INFLUXD_TLS_KEY: "" };
  await steps.during(
    { file: influxd, args: ["--http-bind-address", address], environment: plain },
    async () => {
      const deadline = Date.now() + 60_000;
      while (
        !(await fetch(`http://${address}/ping`).then(
          ({ ok }) => ok,
          () => false,
        ))
      ) {
        if (Date.now() > deadline) throw new Error("influxd did not start for its set-up within 60 s");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const body = {
        username: given("USERNAME"),
        password: given("PASSWORD"),
        org: given("ORG"),
        bucket: given("BUCKET"),
        token: given("ADMIN_TOKEN"),
      };
      const response = await fetch(`http://${address}/api/v2/setup`, {
        method: "POST",
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`InfluxDB refused its set-up: ${await response.text()}`);
    },
  );
}
