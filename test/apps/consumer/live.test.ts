import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { type Alert } from "../../../apps/consumer/alerts";
import {
  type DeadLetter,
  deadLetterNote,
  type KnownStations,
  LiveView,
  trendRoute,
} from "../../../apps/consumer/live";
import { Rate, Recent } from "../../../apps/consumer/recent";
import { type Anomaly, Stations } from "../../../apps/consumer/stations";
import { type WeatherMessage } from "../../../apps/shared/message";
import { deadLetterOf } from "../../../apps/shared/set-aside";

const t0 = Date.UTC(2026, 0, 1);
const about = {
  ...{ topic: "weather", group: "g", deadLetterTopic: "weather-dlq", alertsTopic: "weather-alerts" },
  ...{ startedMs: t0, windowMs: 600_000, anomalyDeviations: 4 },
};
const message = (station: string, seconds: number, temperature = 10): WeatherMessage => ({
  station,
  time: new Date(t0 + seconds * 1_000).toISOString(),
  temperature,
  pressure: 1000,
  wind: 3,
});

function view() {
  const partitions = new Map(
    [0, 1].map((partition) => [
      partition,
      new Stations(
        { windowMs: 600_000, windowPoints: 5_000, minPoints: 10, anomalyDeviations: 4 },
        partition,
      ),
    ]),
  );
  const found = (name: string) => [...partitions.values()].find((stations) => stations.has(name));
  const stations: KnownStations = {
    latest: () => [...partitions.values()].flatMap((one) => [...one.latest()]),
    row: (name) => found(name)?.row(name),
    trend: (name) => found(name)?.trend(name),
  };
  const sources = {
    about,
    stations,
    rate: new Rate(10),
    lag: new Map<number, number>(),
    anomalies: new Recent<Anomaly>(50),
    alerts: new Recent<Alert>(50),
    deadLetters: new Recent<DeadLetter>(2),
    fault: (): string | undefined => undefined,
  };
  const take = (...messages: WeatherMessage[]) => {
    for (const one of messages) partitions.get(0)?.take(one);
  };
  const live = new LiveView(sources);
  return { sources, partitions, take, live };
}
const names = (rows: readonly { station: string }[] | undefined) =>
  rows?.map(({ station }) => station).sort();

test("a snapshot holds everything, also where there is nothing yet", () => {
  const { live } = view();
  live.look();
  const { kind, event } = live.since(undefined);
  expect(kind).toBe("snapshot");
  const none = { total: 0, newest: [] };
  expect(event).toMatchObject({ about, messagesPerSecond: 0, lag: [], stations: [] });
  expect([event.anomalies, event.alerts, event.deadLetters]).toEqual([none, none, none]);
});

test("a delta holds what changed since its id, over any number of looks, and nothing else", () => {
  const { live, sources, take } = view();
  take(message("a", 1), message("b", 1));
  live.look();
  const first = live.id;
  take(message("b", 2, 11));
  live.look();
  const second = live.id;
  take(message("c", 1));
  sources.deadLetters.add({ reason: "not JSON", partition: 1, offset: "7", key: "a", timeMs: t0 });
  sources.lag.set(1, 4).set(0, 2);
  live.look();
  const since = (id: string) => live.since(id).event;
  expect(names(since(first).stations)).toEqual(["b", "c"]);
  expect(names(since(second).stations)).toEqual(["c"]);
  expect(since(first)).toMatchObject({
    lag: [
      [0, 2],
      [1, 4],
    ],
    deadLetters: { total: 1, newest: [{ reason: "not JSON" }] },
  });
  for (const absent of ["about", "alerts", "anomalies"]) expect(since(first)).not.toHaveProperty(absent);
  expect(since(live.id)).toEqual({
    timeMs: expect.any(Number),
    messagesPerSecond: 0,
    lag: [
      [0, 2],
      [1, 4],
    ],
    fault: undefined,
  });
});

test("without news the id stays", () => {
  const { live, take } = view();
  take(message("a", 1));
  live.look();
  const { id } = live;
  live.look();
  expect(live.id).toBe(id);
  // Delivered again: without effect.
  take(message("a", 1));
  live.look();
  expect(live.id).toBe(id);
});

test("a row holds what is known of a message, and no other property", () => {
  const { live, take } = view();
  take({ ...message("a", 1), humidity: 70, secret: "x".repeat(1_000) } as WeatherMessage);
  live.look();
  expect(live.since(undefined).event.stations).toEqual([
    { ...message("a", 1), humidity: 70, partition: 0, anomalies: 0 },
  ]);
});

test.each(["", "0", "other-1", "-1", "x".repeat(10_000), "../../etc"])(
  "an id of another process, or none at all (%#), gets a snapshot",
  (id) => {
    const { live } = view();
    live.look();
    expect(live.since(id).kind).toBe("snapshot");
  },
);

test("once a partition has gone to another member, everybody gets a snapshot without its stations", () => {
  const { live, partitions, take } = view();
  take(message("a", 1));
  partitions.get(1)?.take(message("b", 1));
  live.look();
  const { id } = live;
  partitions.delete(0);
  live.look();
  const { kind, event } = live.since(id);
  expect(kind).toBe("snapshot");
  expect(names(event.stations)).toEqual(["b"]);
});

test("a list keeps the last few, and counts all", () => {
  const { live, sources } = view();
  for (const reason of ["1", "2", "3"])
    sources.deadLetters.add({ reason, partition: 0, offset: "0", key: "", timeMs: t0 });
  live.look();
  const { deadLetters } = live.since(undefined).event;
  expect(deadLetters?.total).toBe(3);
  expect(deadLetters?.newest.map(({ reason }) => reason)).toEqual(["3", "2"]);
});

test("a dead letter says where the message stands and why it could not be used", () => {
  const record = {
    ...{ key: Buffer.from("a"), value: Buffer.from("x"), timestamp: String(t0), offset: "42" },
    ...{ attributes: 0, headers: { "schema-version": "1" } },
  };
  expect(
    deadLetterNote(deadLetterOf({ topic: "weather", partition: 3, message: record }, "not JSON")),
  ).toEqual({
    reason: "not JSON",
    partition: 3,
    offset: "42",
    key: "a",
    timeMs: t0,
  });
});

describe("the trend of a station", () => {
  const ask = async (stations: KnownStations, query: string) =>
    await trendRoute(stations)(Object.assign(new IncomingMessage(new Socket()), { url: `/trend${query}` }));

  test("is its window in order of time, with its statistics and anomalies", async () => {
    const { sources, take } = view();
    for (let second = 0; second < 20; second++) take(message("ä b", second, 10 + (second % 2)));
    take(message("ä b", 30, 40), message("ä b", 25, 10.5));
    const { status, body } = await ask(sources.stations, "?station=%C3%A4%20b");
    expect(status).toBe(200);
    const { points, anomalies, statistics } = body as NonNullable<ReturnType<Stations["trend"]>>;
    expect(points).toHaveLength(22);
    expect(points.slice(-2)).toEqual([
      [t0 + 25_000, 10.5, 1000, 3, null],
      [t0 + 30_000, 40, 1000, 3, null],
    ]);
    expect(anomalies).toMatchObject([{ measure: "temperature", value: 40 }]);
    expect(statistics.temperature?.points).toBe(22);
    expect(statistics).not.toHaveProperty("humidity");
  });

  test("is thinned to what a plot can show, and keeps the newest", async () => {
    const { sources, take } = view();
    for (let i = 0; i < 4_000; i++) take(message("a", i / 10));
    const { points } = (await ask(sources.stations, "?station=a")).body as NonNullable<
      ReturnType<Stations["trend"]>
    >;
    expect(points.length).toBeGreaterThan(700);
    expect(points.length).toBeLessThanOrEqual(900);
    expect(points.at(-1)?.[0]).toBe(t0 + 399_900);
  });

  test("of a station that nobody knows is 404", async () => {
    const { sources } = view();
    for (const query of ["", "?station=", "?station=nobody", "?station=__proto__"])
      expect(await ask(sources.stations, query)).toMatchObject({ status: 404 });
  });
});
