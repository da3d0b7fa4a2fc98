import { once } from "node:events";
import { type AddressInfo } from "node:net";
import { type Alert, AlertFolding, parseAlert } from "../../../apps/consumer/alerts";
import { alertsWebhook } from "../../../apps/consumer/webhook";
import { serve } from "../../../apps/shared/http";
import { type OutgoingRecord } from "../../../apps/shared/sender";

/** As InfluxDB 2.9 posts it. */
const notification = {
  _check_id: "0a",
  _check_name: "too hot",
  _level: "crit",
  _message: "a is too hot",
  _notification_rule_name: "to Kafka",
  _time: "2026-01-31T10:00:00.5Z",
  station: "a",
  temperature: 45.1,
};
const alert: Alert = {
  check: "too hot",
  level: "crit",
  message: "a is too hot",
  tags: { station: "a" },
  values: { temperature: 45.1 },
  time: "2026-01-31T10:00:00.500Z",
};

test("InfluxDB's notification is read into plain names", () => {
  expect(parseAlert(JSON.stringify(notification), 0)).toEqual({ alert });
  const { _time, _check_name, ...rest } = notification;
  expect([_time, _check_name]).toBeTruthy();
  expect(parseAlert(JSON.stringify({ ...rest, dead: true }), 7)).toEqual({
    alert: {
      ...alert,
      check: "0a",
      values: { temperature: 45.1, dead: true },
      time: "1970-01-01T00:00:00.007Z",
    },
  });
});

test.each([
  ["{", "the body is not JSON"],
  ["[]", "the body is not a JSON object"],
  ["{}", "_check_name is missing"],
  [
    JSON.stringify({ ...notification, _level: "loud" }),
    "_level must be one of ok, info, warn, crit, unknown",
  ],
])("%s is no notification", (body, fault) => {
  expect(parseAlert(body, 0)).toEqual({ fault });
});

test("an alert is news when its level changes, when it is of another subject, or after a while", () => {
  const folding = new AlertFolding(1_000);
  const ok: Alert = { ...alert, level: "ok" };
  expect(folding.isNews(alert, 0)).toBe(true);
  // Not published yet, so still news.
  expect(folding.isNews(alert, 0)).toBe(true);
  folding.published(alert, 0);
  expect(folding.isNews({ ...alert, message: "other words", values: { temperature: 46 } }, 999)).toBe(false);
  expect(folding.isNews({ ...alert, tags: { station: "b" } }, 1)).toBe(true);
  expect(folding.isNews({ ...alert, check: "too cold" }, 1)).toBe(true);
  expect(folding.isNews(ok, 1)).toBe(true);
  folding.published(ok, 1);
  expect(folding.isNews(alert, 2)).toBe(true);
  expect(folding.isNews(ok, 1_000)).toBe(false);
  expect(folding.isNews(ok, 1_001)).toBe(true);
});

test("the webhook answers 200 once the alert is in Kafka, publishes a repeat once, and refuses the rest", async () => {
  const sent: OutgoingRecord[] = [];
  let isAway = false;
  const webhook = alertsWebhook({
    token: "s3cret",
    folding: new AlertFolding(60_000),
    send: (record) => (isAway ? Promise.reject(new Error("away")) : Promise.resolve(void sent.push(record))),
    onPublished: () => undefined,
    onFolded: () => undefined,
    onFailed: () => undefined,
  });
  const server = await serve(
    { host: "127.0.0.1", port: 0 },
    new Map([["POST /alerts", webhook]]),
    () => undefined,
  );
  const post = async (body: unknown, authorization?: string): Promise<number> => {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/alerts`, {
      method: "POST",
      body: JSON.stringify(body),
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    return response.status;
  };
  try {
    const bearer = "Bearer s3cret";
    expect(await post(notification)).toBe(401);
    expect(await post(notification, "Bearer s3cres")).toBe(401);
    expect(await post(notification, "Basic s3cret")).toBe(401);
    expect(await post("x".repeat(70_000), bearer)).toBe(413);
    expect(await post({}, bearer)).toBe(400);
    expect(sent).toEqual([]);
    isAway = true;
    expect(await post(notification, bearer)).toBe(503);
    isAway = false;
    expect(await Promise.all([post(notification, bearer), post(notification, bearer)])).toEqual([200, 200]);
    expect(await post(notification, bearer)).toBe(200);
    expect(sent.map(({ key, value }) => [key, JSON.parse(String(value)) as unknown])).toEqual([["a", alert]]);
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});
