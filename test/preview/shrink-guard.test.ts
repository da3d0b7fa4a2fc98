import { type DataHolder } from "../../components/data-loss";
import { pipelineData } from "../../components/pipeline-data";
import { settingsSchema, type SettingsInput } from "../../components/settings";
import { guardRefusal } from "../../components/shrink-guard";
import { recorded } from "./recorded";

const dataOf = (input: SettingsInput) => pipelineData(settingsSchema.parse(input));
const deployed = dataOf({});

test("the guard of a pipeline watches all that keeps data in the deployed stack, and nothing that isn't there", () => {
  const holders = [
    "kafka:index/topic:Topic",
    "docker:index/volume:Volume",
    "pulumi-nodejs:dynamic/influxdb:Bucket",
  ];
  const inPlan = recorded("first-deployment")
    .steps.filter(({ type, name }) => holders.includes(type) || /^kafka-kafka\d+-container$/.test(name))
    .map(({ name }) => name);
  const watched = dataOf({ grafana: { enabled: false } }).map(({ resource }) => resource);
  expect(watched.sort()).toEqual(inPlan.sort());
});

interface Case {
  what: string;
  after: DataHolder[];
  names: string[];
}

const cases: Case[] = [
  { what: "nothing changed", after: deployed, names: [] },
  { what: "more partitions", after: dataOf({ kafka: { partitions: 6 } }), names: [] },
  {
    what: "fewer partitions",
    after: dataOf({ kafka: { partitions: 3 } }),
    names: [
      "weather-topic",
      "weather-telegraf-topic",
      "weather-retry-topic",
      "weather-dlq-topic",
      "weather-alerts-topic",
    ],
  },
  {
    what: "no Telegraf",
    after: dataOf({ telegraf: { enabled: false } }),
    names: ["weather-telegraf-bucket"],
  },
  {
    what: "fewer brokers",
    after: dataOf({ kafka: { brokers: 1 } }),
    names: [
      "kafka-kafka2-container",
      "kafka-kafka3-container",
      "kafka-kafka2-data",
      "kafka-kafka3-data",
      "weather-topic",
      "weather-telegraf-topic",
      "weather-retry-topic",
      "weather-dlq-topic",
      "weather-alerts-topic",
    ],
  },
];

test.each(cases)("$what: refused are $names, and pass once they are all named", ({ after, names }) => {
  const refusal = guardRefusal(deployed, after, []);
  const refused = [...(refusal ?? "").matchAll(/^ {2}([\w-]+): /gm)].map(([, name]) => name);
  expect(refused).toEqual(names);
  if (names.length > 0) expect(refusal).toContain(`allowDataLoss: ${JSON.stringify(names)}`);
  expect(guardRefusal(deployed, after, names)).toBeUndefined();
  for (const name of names) {
    expect(
      guardRefusal(
        deployed,
        after,
        names.filter((other) => other !== name),
      ),
    ).toContain(`  ${name}: `);
  }
});
