import * as pulumi from "@pulumi/pulumi";
import { createEnvironment, readSettings } from "../../components/environment";
import { settingsFaults } from "../../components/settings";
import { declared } from "./declared";

function configured(config: Record<string, string>): unknown {
  pulumi.runtime.setAllConfig(config, []);
  return readSettings(new pulumi.Config("weather"));
}

test("sections arrive as JSON text and leave as values; what isn't set isn't there", () => {
  expect(
    configured({
      "weather:kafka": '{"brokers":1,"retention":"2 days"}',
      "weather:protect": "true",
      "weather:imageRegistry": "mirror.example:5000/hub",
      "other:kafka": "{}",
    }),
  ).toEqual({
    kafka: { brokers: 1, retention: "2 days" },
    protect: true,
    imageRegistry: "mirror.example:5000/hub",
  });
});

test("an empty text stays one", () => {
  expect(configured({ "weather:imageRegistry": "" })).toEqual({ imageRegistry: "" });
});

test("a section that isn't an object is kept for the settings' own check to refuse", () => {
  const settings = configured({ "weather:kafka": "three brokers" });
  expect(settings).toEqual({ kafka: "three brokers" });
  expect(settingsFaults(settings)).toEqual([
    { propertyPath: "kafka", reason: expect.stringContaining("object") },
  ]);
});

test("faults of a stack's configuration end its program with a message, all of them and without a stack trace", async () => {
  configured({ "weather:kafka": '{"brokers":2}' });
  await declared(() => {
    let thrown: unknown;
    try {
      createEnvironment({ kafka: { brokers: 3 }, alerts: { every: "often" as "1 day" } });
    } catch (error) {
      thrown = error;
    }
    expect(pulumi.RunError.isInstance(thrown)).toBe(true);
    expect(thrown).toMatchObject({
      message: expect.stringMatching(/alerts\.every: [^]*kafka\.brokers: .* not 2/),
    });
  });
});

test("a stack's configuration takes the place of what all stacks share", async () => {
  configured({ "weather:kafka": '{"brokers":1}' });
  const { ofKind } = await declared(() =>
    createEnvironment({ kafka: { brokers: 3 }, telegraf: { enabled: false }, grafana: { enabled: false } }),
  );
  const names = ofKind("Container").map(({ inputs }) => inputs["name"]);
  expect(names).toEqual(expect.arrayContaining(["weather-test-kafka1", "weather-test-influxdb"]));
  expect(names.join(" ")).not.toMatch(/kafka2|telegraf-to|grafana/);
});
