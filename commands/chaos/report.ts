import { table } from "../table";
import { boundsBetween, type Fault } from "./fault";
import { type Account, type Ledger, total } from "./ledger";

/** A fault with the account of its span of time. */
export interface FaultReport {
  fault: string;
  /** Since the beginning of the load, in ms. */
  atMs: number;
  /** Null where it did not recover in time. */
  recoveredAfterMs: number | null;
  /** What was sent straight to Kafka. */
  kafka: Account;
  /** What was written to InfluxDB, and arrived in `weather`. */
  points: Account;
}

/** What a run of chaos found. */
export interface ChaosReport {
  seed: number;
  faults: FaultReport[];
  kafka: Account;
  points: Account;
  /** Whether nothing was lost and everything recovered. */
  ok: boolean;
}

/** Puts faults and ledgers together. */
export function chaosReport(
  seed: number,
  startMs: number,
  faults: readonly Fault[],
  ledgers: { kafka: Ledger; points: Ledger },
): ChaosReport {
  const bounds = boundsBetween(faults);
  const kafka = ledgers.kafka.accounts(bounds);
  const points = ledgers.points.accounts(bounds);
  const [allKafka, allPoints] = [total(kafka), total(points)];
  return {
    seed,
    faults: faults.map(({ victim, killedAtMs, recoveredAfterMs }, index) => ({
      fault: `kill -9 ${victim}`,
      atMs: killedAtMs - startMs,
      recoveredAfterMs: recoveredAfterMs ?? null,
      kafka: kafka[index] ?? total([]),
      points: points[index] ?? total([]),
    })),
    kafka: allKafka,
    points: allPoints,
    ok:
      allKafka.lost + allPoints.lost === 0 &&
      faults.every(({ recoveredAfterMs }) => recoveredAfterMs !== undefined),
  };
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const count = (value: number) => value.toLocaleString("en");

/** The report for a terminal. */
export function renderReport({ faults, kafka, points, seed }: ChaosReport): string {
  const line = (what: string, account: Account) =>
    `${what}: ${count(account.acknowledged)} acknowledged, ${count(account.lost)} lost, ${count(account.duplicated)} duplicated; longest pause ${seconds(account.longestPauseMs)}`;
  const rows = faults.map((one) => [
    one.fault,
    seconds(one.atMs),
    one.recoveredAfterMs === null ? "not in time" : seconds(one.recoveredAfterMs),
    seconds(one.kafka.longestPauseMs),
    seconds(one.points.longestPauseMs),
    count(one.kafka.lost + one.points.lost),
    count(one.kafka.duplicated + one.points.duplicated),
  ]);
  return [
    ...(rows.length > 0
      ? [
          table(["FAULT", "AT", "RECOVERED IN", "KAFKA PAUSE", "INFLUXDB PAUSE", "LOST", "DUPLICATED"], rows),
          "",
        ]
      : []),
    line("Kafka, acks=all", kafka),
    line("InfluxDB to weather", points),
    `Seed ${seed}`,
  ].join("\n");
}
