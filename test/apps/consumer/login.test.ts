import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { behindLogin } from "../../../apps/consumer/login";

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const shown = { status: 200, body: "the page" };
const guarded = behindLogin("s3cret", () => shown);
const ask = (authorization?: string) => {
  const request = new IncomingMessage(new Socket());
  if (authorization !== undefined) request.headers.authorization = authorization;
  return guarded(request);
};

test("user and password lead to what is behind them", () => {
  expect(ask(basic("weather:s3cret"))).toBe(shown);
});

test.each([
  ["nothing", undefined],
  ["an empty text", ""],
  ["the password alone", "s3cret"],
  ["no password", basic("weather:")],
  ["another password", basic("weather:s3crets")],
  ["another user", basic("admin:s3cret")],
  ["the password as a bearer's token", "Bearer s3cret"],
])("who shows %s is asked for a login", (_, authorization) => {
  expect(ask(authorization)).toMatchObject({
    status: 401,
    headers: { "www-authenticate": 'Basic realm="weather", charset="UTF-8"' },
  });
});
