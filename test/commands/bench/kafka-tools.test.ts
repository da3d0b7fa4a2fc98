import { fetchedPerSecond, producedPerSecond } from "../../../commands/bench/kafka-tools";

/* Both as Kafka 4.3.1 prints them. */
const produced = `WARN: a warning
3021 records sent, 603.2 records/sec (0.11 MB/sec), 1.1 ms avg latency, 210.0 ms max latency.
20000 records sent, 8418.2 records/sec (1.55 MB/sec), 1001.31 ms avg latency, 1310.00 ms max latency, 1021 ms 50th, 1270 ms 95th, 1300 ms 99th, 1309 ms 99.9th.
`;
const fetched = `start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-01-31 10:00:00:123, 2026-01-31 10:00:04:456, 2.2030, 0.5084, 20000, 4615.7396, 3644, 689, 3.1974, 29027.5762
`;

test("ProducerPerformance's last line counts", () => {
  expect(producedPerSecond(produced, 20_000)).toBe(8418.2);
});

test("ConsumerPerformance's speed is without the joining of the group", () => {
  expect(fetchedPerSecond(fetched, 20_000)).toBe(29_027.5762);
});

test("a tool that did less than it should has no speed", () => {
  expect(() => producedPerSecond(produced, 30_000)).toThrow("did not send 30000 records");
  expect(() => producedPerSecond("Exception in thread main", 1)).toThrow("Exception in thread main");
  expect(() => fetchedPerSecond(fetched, 20_001)).toThrow("did not get 20001 messages");
  expect(() => fetchedPerSecond("WARNING: Exiting before consuming", 1)).toThrow("Exiting before consuming");
});
