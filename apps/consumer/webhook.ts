import { randomUUID } from "node:crypto";
import { type IncomingMessage } from "node:http";
import { isCredential } from "../shared/credential";
import { type Answer, readBody } from "../shared/http";
import { reasonOf } from "../shared/log";
import { header, schemaVersion } from "../shared/message";
import { type OutgoingRecord } from "../shared/sender";
import { type Alert, type AlertFolding, parseAlert } from "./alerts";

const bodyLimitBytes = 64 * 1024;
/** InfluxDB waits 10 s for an answer and counts what comes later as a failure. */
const answerWithinMs = 8_000;

export interface WebhookOptions {
  readonly token: string;
  readonly folding: AlertFolding;
  /** Resolves once the record is in Kafka. */
  readonly send: (record: OutgoingRecord) => Promise<void>;
  readonly onPublished: (alert: Alert) => void;
  readonly onFolded: (alert: Alert) => void;
  readonly onFailed: (reason: string) => void;
}

/**
 * POST /alerts: 200 once the alert is in Kafka (or folded into one that is), 401 without the bearer token, 413 for a body over
 * 64 KiB, 400 for one that is no notification, 503 where Kafka doesn't take it within 8 s: the sender may repeat it.
 */
export function alertsWebhook(options: WebhookOptions): (request: IncomingMessage) => Promise<Answer> {
  // One after the other, so that two of the same subject at once are told apart.
  let previous: Promise<unknown> = Promise.resolve();
  return async (request) => {
    if (!isCredential(request.headers.authorization, `Bearer ${options.token}`))
      return { status: 401, body: "unauthorized\n" };
    const body = await readBody(request, bodyLimitBytes);
    if (body === undefined) return { status: 413, body: `the body is longer than ${bodyLimitBytes} bytes\n` };
    const parsed = parseAlert(body, Date.now());
    if ("fault" in parsed) return { status: 400, body: `${parsed.fault}\n` };
    const done = previous.then(() => publish(parsed.alert, options));
    previous = done.catch(() => undefined);
    try {
      await within(answerWithinMs, done);
      return { status: 200, body: "ok\n" };
    } catch (error) {
      options.onFailed(reasonOf(error));
      return { status: 503, body: "Kafka does not take the alert now\n" };
    }
  };
}

async function publish(
  alert: Alert,
  { folding, send, onPublished, onFolded }: WebhookOptions,
): Promise<void> {
  if (!folding.isNews(alert, Date.now())) {
    onFolded(alert);
    return;
  }
  await send({
    key: alert.tags.station ?? alert.check,
    value: JSON.stringify(alert),
    headers: { [header.schemaVersion]: schemaVersion, [header.messageId]: randomUUID() },
  });
  folding.published(alert, Date.now());
  onPublished(alert);
}

async function within<T>(durationMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer from Kafka within ${durationMs / 1_000} s`));
    }, durationMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
