import { documentsOf, type WeatherDocument } from "../../../apps/documents/document";
import { documentsConfig } from "../../../apps/documents/config";
import { Sink, type SinkOptions } from "../../../apps/documents/sink";
import { header, schemaVersion, type WeatherMessage } from "../../../apps/shared/message";

const weather: WeatherMessage = {
  ...{ station: "oslo", time: "2026-01-31T10:00:00.123456789Z" },
  ...{ temperature: -3.5, pressure: 1_002, wind: 4 },
};

function record(offset: number, value: object | string | null) {
  const text = typeof value === "string" || value === null ? value : JSON.stringify(value);
  return {
    offset: String(offset),
    key: Buffer.from("oslo"),
    value: text === null ? null : Buffer.from(text),
    headers: { [header.schemaVersion]: Buffer.from(schemaVersion) },
    ...{ timestamp: "0", attributes: 0 },
  };
}

test("a message is a document under its id, with the figures it has and nothing else of it", () => {
  const { documents, unusable } = documentsOf([
    record(0, { ...weather, $where: "1", "a.b": 2 }),
    record(1, "no weather"),
    record(2, null),
    record(3, { ...weather, temperature: 400 }),
    record(4, { ...weather, station: "bergen", humidity: 80 }),
  ]);
  const time = new Date("2026-01-31T10:00:00.123Z");
  expect(documents).toEqual([
    { _id: "oslo@1769853600123456789", station: "oslo", time, temperature: -3.5, pressure: 1_002, wind: 4 },
    {
      ...{ _id: "bergen@1769853600123456789", station: "bergen", time },
      ...{ temperature: -3.5, pressure: 1_002, wind: 4, humidity: 80 },
    },
  ]);
  expect(unusable).toBe(3);
});

test("the same id twice is one document, as the last has it", () => {
  const { documents } = documentsOf([record(0, weather), record(1, { ...weather, wind: 9 })]);
  expect(documents.map(({ wind }) => wind)).toEqual([9]);
});

/** A group that says how it goes, and a database that does as it's told. */
function bench(write: SinkOptions["write"], heartbeat = () => Promise.resolve()) {
  const stop = new AbortController();
  const committed: string[] = [];
  const failures: string[] = [];
  let isRunning = true;
  const sink = new Sink({
    write,
    kept: () => undefined,
    failed: (reason) => failures.push(reason),
    stop: stop.signal,
  });
  const take = (messages: ReturnType<typeof record>[]) =>
    sink.take(
      { topic: "weather", partition: 0, messages, highWatermark: "9999" },
      {
        resolveOffset: () => undefined,
        heartbeat,
        isRunning: () => isRunning,
        isStale: () => false,
        commitOffsetsIfNecessary: (offsets) => {
          committed.push(offsets?.topics[0]?.partitions[0]?.offset ?? "");
          return Promise.resolve();
        },
      },
    );
  const end = () => {
    isRunning = false;
    stop.abort();
  };
  return { take, committed, failures, end };
}

const many = Array.from({ length: 1_500 }, (_, offset) =>
  record(offset, { ...weather, station: `s${offset}` }),
);

test("commits follow the database's word, a part after the other", async () => {
  const written: number[] = [];
  const { take, committed } = bench((documents) => {
    written.push(documents.length);
    return Promise.resolve();
  });
  await take(many);
  expect(written).toEqual([1_000, 500]);
  expect(committed).toEqual(["1000", "1500"]);
});

test("a write that fails is done again, and its messages aren't committed before", async () => {
  let tries = 0;
  const seen: string[][] = [];
  const { take, committed, failures } = bench((documents: readonly WeatherDocument[]) => {
    seen.push([...committed]);
    expect(documents).toHaveLength(1);
    return ++tries < 3 ? Promise.reject(new Error("no primary")) : Promise.resolve();
  });
  await take([record(7, weather)]);
  expect(failures).toEqual(["no primary", "no primary"]);
  expect(seen).toEqual([[], [], []]);
  expect(committed).toEqual(["8"]);
});

test("what is no weather is passed without a write", async () => {
  const { take, committed } = bench(() => Promise.reject(new Error("must not be called")));
  await take([record(0, "x"), record(1, null)]);
  expect(committed).toEqual(["2"]);
});

test("an end while the database is away commits nothing, and doesn't wait for it", async () => {
  const { take, committed, end } = bench(() => Promise.reject(new Error("away")));
  const taking = take([record(0, weather)]);
  end();
  await taking;
  expect(committed).toEqual([]);
});

test("a lost assignment ends the wait with the group's own error", async () => {
  const { take, committed, end } = bench(
    () => new Promise(() => undefined),
    () => Promise.reject(new Error("rebalance in progress")),
  );
  await expect(take([record(0, weather)])).rejects.toThrow("rebalance in progress");
  expect(committed).toEqual([]);
  end();
});

test.each(["mongodb://root:secret@db:27017", "http://db", "mongodb://"])("%s is no address", (url) => {
  const { error } = documentsConfig.safeParse({ kafka: { brokers: ["kafka1:9092"] }, mongodb: { url } });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["mongodb.url"]);
});
