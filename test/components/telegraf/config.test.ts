import { telegrafToml } from "../../../components/telegraf/config";

test("tables become TOML: the agent in single brackets, plugins in double ones, nested tables after their plugin", () => {
  expect(
    telegrafToml([
      { name: "agent", settings: { interval: "1s", quiet: true, metric_batch_size: 1_000 } },
      {
        name: "outputs.kafka",
        settings: {
          tags: { site: "a", kinds: ["x", "y"] },
          brokers: ["kafka1:9092", "kafka2:9092"],
          required_acks: -1,
        },
      },
    ]),
  ).toBe(`[agent]
interval = "1s"
quiet = true
metric_batch_size = 1000

[[outputs.kafka]]
brokers = ["kafka1:9092","kafka2:9092"]
required_acks = -1
[outputs.kafka.tags]
site = "a"
kinds = ["x","y"]
`);
});

test("quotes, backslashes and line ends in a text can't leave it", () => {
  expect(telegrafToml([{ name: "agent", settings: { text: 'a"b\\c\nd' } }])).toBe(
    '[agent]\ntext = "a\\"b\\\\c\\nd"\n',
  );
});
