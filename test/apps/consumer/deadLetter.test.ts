import { deadLetterOf } from "../../../apps/consumer/deadLetter";

const message = {
  key: Buffer.from("a"),
  value: Buffer.from("{"),
  timestamp: "5",
  attributes: 0,
  offset: "17",
  headers: { "message-id": Buffer.from("a@1") },
};

test("a dead letter keeps the message and says where it stood and why it is dead", () => {
  expect(deadLetterOf("weather", 3, message, "not JSON")).toEqual({
    key: "a",
    value: Buffer.from("{"),
    timestampMs: 5,
    headers: {
      "message-id": Buffer.from("a@1"),
      reason: "not JSON",
      "source-topic": "weather",
      "source-partition": "3",
      "source-offset": "17",
    },
  });
});

test("a message as long as the broker allows still makes a record that it allows", () => {
  const long = deadLetterOf("weather", 0, { ...message, value: Buffer.alloc(1_000_000) }, "not JSON");
  expect(long.value?.length).toBe(900_000);
  const bulky = deadLetterOf("weather", 0, { ...message, key: Buffer.alloc(60_000, "k") }, "not JSON");
  expect(bulky.key).toBe("");
  expect(bulky.headers).not.toHaveProperty("message-id");
  expect(bulky.headers["source-offset"]).toBe("17");
});

test("a message without key or value makes one too", () => {
  expect(deadLetterOf("weather", 0, { ...message, key: null, value: null }, "no value")).toMatchObject({
    key: "",
    value: Buffer.alloc(0),
  });
});
