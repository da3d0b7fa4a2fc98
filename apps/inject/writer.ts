import { isRefusal } from "../shared/influxdb";
import { reasonOf } from "../shared/log";
import { sleep } from "../shared/retry";
import { type Backlog } from "./backlog";

/** Lines in one request; InfluxDB's own advice is 5,000. */
const maxLinesPerRequest = 5_000;

/** What the writer reports. */
export interface WriterEvents {
  written(lines: number): void;
  /** A write failed and will be repeated after the wait. */
  failed(reason: string, waitMs: number): void;
  /** InfluxDB refused these lines for good. */
  refused(lines: number, reason: string): void;
}

/**
 * Writes the backlog to InfluxDB, oldest first, one request after the other, so that points arrive in order of time also after
 * an outage. The client's own retry buffer is not used: it lets new points overtake old ones and is dropped on close.
 */
export class Writer {
  constructor(
    private readonly write: (lines: readonly string[]) => Promise<void>,
    private readonly backlog: Backlog,
    private readonly events: WriterEvents,
  ) {}

  /** Writes until the backlog is empty or the signal is aborted. Writing a batch twice does no harm: the same points. */
  async drain(signal: AbortSignal): Promise<void> {
    let waitMs = 250;
    for (let batch = this.backlog.oldest(); batch && !signal.aborted; batch = this.backlog.oldest()) {
      try {
        for (let i = 0; i < batch.lines.length; i += maxLinesPerRequest) {
          await this.write(batch.lines.slice(i, i + maxLinesPerRequest));
        }
        this.backlog.remove(batch);
        this.events.written(batch.lines.length);
        waitMs = 250;
      } catch (error) {
        if (isRefusal(error)) {
          this.backlog.remove(batch);
          this.events.refused(batch.lines.length, reasonOf(error));
        } else {
          this.events.failed(reasonOf(error), waitMs);
          await sleep(waitMs, signal);
          waitMs = Math.min(waitMs * 2, 5_000);
        }
      }
    }
  }
}
