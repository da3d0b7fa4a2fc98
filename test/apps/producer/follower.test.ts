import { Follower, type NewPoint } from "../../../apps/producer/follower";
import { PublishedIds } from "../../../apps/producer/publishedIds";
import { newestRecordMs } from "../../../apps/producer/recovery";
import { windowStart } from "../../../apps/producer/publishedIds";
import { type PointStore, type StoredPoint } from "../../../apps/producer/store";

const lateArrivalMs = 120_000;
const t0 = Date.UTC(2026, 0, 1);
const full = { temperature: 1, pressure: 1000, wind: 1, humidity: 50 };

const times = new WeakMap<StoredPoint, number>();
const timeOf = (one: StoredPoint): number => {
  const known = times.get(one) ?? Date.parse(one.time);
  times.set(one, known);
  return known;
};
const valuesOf = ({ fields }: StoredPoint): number =>
  Object.values<unknown>(fields).filter((value) => value !== undefined).length;
const point = (
  station: string,
  ms: number,
  fraction = "",
  fields: StoredPoint["fields"] = full,
): StoredPoint => ({
  station,
  time: `${new Date(ms).toISOString().slice(0, -1)}${fraction}Z`,
  fields,
});

/** InfluxDB, the topic and a clock; the producer may be restarted at any time, keeping nothing but the topic. */
class World {
  readonly points: StoredPoint[] = [];
  readonly topic: NewPoint[] = [];
  readonly reads: [number, number][] = [];
  now = t0;
  late = 0;
  failAfter = Number.POSITIVE_INFINITY;
  follower = this.restart();

  restart(): Follower {
    const newestMs =
      this.topic.length === 0
        ? undefined
        : Math.min(this.now, Math.max(...this.topic.map(({ timeMs }) => timeMs)));
    const ids = new PublishedIds();
    for (const { id, timeMs } of this.topic)
      if (newestMs !== undefined && timeMs >= windowStart(newestMs, lateArrivalMs)) ids.add(id, timeMs);
    const publish = (points: readonly NewPoint[]): Promise<void> => {
      for (const one of points) {
        if (this.failAfter-- <= 0) return Promise.reject(new Error("Kafka is away"));
        this.topic.push(one);
      }
      return Promise.resolve();
    };
    const options = {
      lateArrivalMs,
      duplicates: () => undefined,
      late: (count: number) => void (this.late += count),
    };
    return (this.follower = new Follower(this.store, publish, { ids, newestMs }, options, () => this.now));
  }

  /** Lets time pass and looks once. */
  async look(afterMs = 1_000): Promise<void> {
    this.now += afterMs;
    await this.follower.step();
  }

  expectEachOnce(): void {
    const ids = this.topic.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(this.points.length);
  }

  private readonly store: PointStore = this.createStore();

  private createStore(): PointStore {
    const within = (start: number, stop: number) =>
      this.points.filter((one) => timeOf(one) >= start && timeOf(one) < stop);
    return {
      firstTimeMs: (start, stop) => {
        const times = within(start, stop).map(timeOf);
        return Promise.resolve(times.length === 0 ? undefined : Math.min(...times));
      },
      countValues: (start, stop) =>
        Promise.resolve(within(start, stop).reduce((sum, one) => sum + valuesOf(one), 0)),
      countValuesBySecond: (start, stop) => {
        const counts = new Map<number, number>();
        for (const one of within(start, stop)) {
          const second = Math.floor(timeOf(one) / 1_000) * 1_000;
          counts.set(second, (counts.get(second) ?? 0) + valuesOf(one));
        }
        return Promise.resolve(counts);
      },
      read: (start, stop) => {
        this.reads.push([start, stop]);
        return Promise.resolve(within(start, stop).reverse());
      },
    };
  }
}

/** The store is made before the follower that uses it, whatever the order of the fields above. */
function createWorld(): World {
  const world = new World();
  world.restart();
  return world;
}

test("points of one millisecond, even of one station, are all published, once", async () => {
  const world = createWorld();
  world.points.push(point("a", t0), point("b", t0), point("a", t0, "000001"), point("a", t0, "000002"));
  await world.look(100);
  await world.look();
  world.expectEachOnce();
});

test("late points are found, as long as they are less late than agreed", async () => {
  const world = createWorld();
  for (let i = 0; i < 130; i++) {
    world.points.push(point("a", world.now));
    if (i >= 65) world.points.push(point("late", world.now - 60_000), point("a", world.now - 60_000, "5"));
    await world.look();
  }
  await world.look();
  world.expectEachOnce();
  expect(world.late).toBe(130);
});

test("quiet seconds are not read again; only those in which a late point has come", async () => {
  const world = createWorld();
  for (let i = 0; i < 60; i++) {
    world.points.push(point("a", world.now));
    await world.look();
  }
  world.reads.length = 0;
  await world.look();
  expect(world.reads.length).toBe(1);
  const lateMs = world.now - 30_000;
  world.points.push(point("late", lateMs));
  world.reads.length = 0;
  await world.look();
  expect(world.reads[0]).toEqual([lateMs, lateMs + 1_000]);
  expect(world.reads.length).toBe(2);
  world.expectEachOnce();
});

test("a point with but one of the four fields counts too", async () => {
  const world = createWorld();
  world.points.push(point("a", t0));
  await world.look();
  world.points.push(point("only-wind", t0 - 20_000, "", { wind: 3 }));
  for (let i = 0; i < 5; i++) await world.look();
  world.expectEachOnce();
});

test("a point whose fields are still being written is published when it is complete", async () => {
  const world = createWorld();
  world.points.push(point("a", t0, "", { temperature: 1 }));
  await world.look(100);
  expect(world.topic).toEqual([]);
  world.points[0] = point("a", t0);
  await world.look(100);
  expect(world.topic.map(({ fields }) => fields)).toEqual([full]);
  await world.look(5_000);
  world.expectEachOnce();
});

test("a point without humidity is believed at the second look", async () => {
  const world = createWorld();
  world.points.push(point("a", t0, "", { temperature: 1, pressure: 1000, wind: 1 }));
  await world.look(100);
  expect(world.topic.length).toBe(0);
  await world.look(100);
  expect(world.topic.length).toBe(1);
});

test("points ahead of the clock wait for their time", async () => {
  const world = createWorld();
  world.points.push(point("a", t0 + 60_000), point("a", t0 + 2_000));
  await world.look();
  expect(world.topic.map(({ timeMs }) => timeMs)).toEqual([t0 + 2_000]);
  for (let i = 0; i < 60; i++) await world.look();
  world.expectEachOnce();
});

test("a backlog of years, dense and sparse, is published in order of time, then the newest", async () => {
  const world = createWorld();
  for (let i = 0; i < 200; i++) world.points.push(point("sparse", t0 - (400 - i) * 86_400_000));
  for (let i = 0; i < 60_000; i++) world.points.push(point("dense", t0 - 3_600_000 + i, String(i % 10)));
  world.points.push(point("now", t0));
  await world.look();
  world.expectEachOnce();
  const times = world.topic.map(({ timeMs }) => timeMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test.each([1, 50, 1_234, 7_000])(
  "a producer killed after %i messages loses nothing and doubles nothing",
  async (failAfter) => {
    const world = createWorld();
    for (let i = 0; i < 10_000; i++)
      world.points.push(point(`s${i % 7}`, t0 - 300_000 + i * 30, String(i % 10)));
    world.failAfter = failAfter;
    await expect(world.look()).rejects.toThrow("Kafka is away");
    expect(world.follower.inDoubt).toBe(true);
    world.failAfter = Number.POSITIVE_INFINITY;
    world.restart();
    // Points of a second at the window's very edge, and late ones, come while the producer is away.
    world.points.push(point("late", t0 - 1_000));
    await world.look();
    world.expectEachOnce();
  },
);

test("whenever a publication is cut short, all that is older than the window is published", async () => {
  const world = createWorld();
  for (let i = 0; i < 500; i++) world.points.push(point("a", t0 - (500 - i) * 40_000));
  for (let cut = 0; cut < 40 && world.topic.length < 500; cut++) {
    world.failAfter = 17;
    await world.look().catch(() => undefined);
    const newest = Math.max(...world.topic.map(({ timeMs }) => timeMs));
    const published = new Set(world.topic.map(({ timeMs }) => timeMs));
    expect(
      world.points.map(timeOf).filter((time) => time < newest - lateArrivalMs && !published.has(time)),
    ).toEqual([]);
    world.restart();
  }
  world.expectEachOnce();
});

test("after an outage the points of the outage are published, however long it was", async () => {
  const world = createWorld();
  world.points.push(point("a", t0));
  await world.look();
  world.now += 3_600_000;
  for (let i = 0; i < 3_600; i++) world.points.push(point("a", t0 + 1_000 + i * 1_000));
  await world.look();
  world.expectEachOnce();
});

test("a stopped producer ends a long step between two publications", async () => {
  const stop = new AbortController();
  const publish = () => {
    stop.abort();
    return Promise.resolve();
  };
  const world = createWorld();
  const stored = [point("a", t0 - 600_000), point("a", t0 - 300_000)];
  const store: PointStore = {
    firstTimeMs: () => Promise.resolve(timeOf(stored[0] as StoredPoint)),
    countValues: () => Promise.resolve(8),
    countValuesBySecond: () => Promise.resolve(new Map()),
    read: () => Promise.resolve(stored),
  };
  const options = { lateArrivalMs, stop: stop.signal, duplicates: () => undefined, late: () => undefined };
  const follower = new Follower(
    store,
    publish,
    { ids: new PublishedIds(), newestMs: undefined },
    options,
    () => world.now,
  );
  await expect(follower.step()).rejects.toThrow("aborted");
});

test.each([undefined, 0, 1, 1_767_225_600_123, 9_999_999_999_999])(
  "the newest record time %p is found by halving",
  async (newest) => {
    let questions = 0;
    const found = await newestRecordMs(
      {
        hasRecordFrom: (timeMs) =>
          Promise.resolve(++questions > 0 && newest !== undefined && timeMs <= newest),
      },
      9_999_999_999_999,
    );
    expect(found).toBe(newest);
    expect(questions).toBeLessThan(50);
  },
);
