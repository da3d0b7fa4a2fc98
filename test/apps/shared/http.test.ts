import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { Health } from "../../../apps/shared/health";
import { readBody, type Route, serve, statusRoutes } from "../../../apps/shared/http";
import { Metrics } from "../../../apps/shared/metrics";

test("metrics read as Prometheus' text", () => {
  const metrics = new Metrics();
  const points = metrics.counter("points_total", "Points.");
  metrics.counter("idle_total", "Idle.");
  metrics.gauge("lag", "Lag.").set(3, { partition: 0, name: 'a"b\n' });
  points.add(2, { reason: "x" });
  points.add(3, { reason: "x" });
  expect(metrics.text()).toBe(
    [
      "# HELP points_total Points.",
      "# TYPE points_total counter",
      'points_total{reason="x"} 5',
      "# HELP idle_total Idle.",
      "# TYPE idle_total counter",
      "idle_total 0",
      "# HELP lag Lag.",
      "# TYPE lag gauge",
      'lag{partition="0",name="a\\"b\\n"} 3',
      "",
    ].join("\n"),
  );
  expect(() => metrics.gauge("lag", "again")).toThrow("metric lag is declared twice");
});

test("health lasts as long as progress is recent", () => {
  let now = 0;
  const health = new Health(1_000, () => now);
  expect(health.fault()).toBe("starting");
  health.progress();
  health.trouble("InfluxDB is away");
  now = 1_000;
  expect(health.fault()).toBeUndefined();
  now = 1_001;
  expect(health.fault()).toBe("InfluxDB is away");
});

test("the server answers health, metrics, further routes, and refuses the rest", async () => {
  const health = new Health(60_000);
  const routes = new Map<string, Route>(statusRoutes(health, new Metrics()));
  const errors: unknown[] = [];
  // Port 0: any free one.
  const server = await serve({ host: "127.0.0.1", port: 0 }, routes, (error) => errors.push(error));
  routes.set("POST /echo", async (request) => ({
    status: 200,
    body: (await readBody(request, 10)) ?? "too long",
  }));
  routes.set("GET /broken", () => {
    throw new Error("secret detail");
  });
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
    return `${response.status} ${await response.text()}`.trim();
  };
  try {
    expect(await get("/healthz")).toBe("503 starting");
    health.progress();
    expect(await get("/healthz?x=1")).toBe("200 ok");
    expect(await get("/metrics")).toBe("200");
    expect(await get("/echo", { method: "POST", body: "hello" })).toBe("200 hello");
    expect(await get("/echo", { method: "POST", body: "x".repeat(100_000) })).toBe("200 too long");
    expect(await get("/echo")).toBe("405 method not allowed");
    expect(await get("/nowhere")).toBe("404 not found");
    expect(await get("/broken")).toBe("500 internal error");
    expect(errors).toEqual([new Error("secret detail")]);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});
