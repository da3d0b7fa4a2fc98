import * as pulumi from "@pulumi/pulumi";
import { readSettings } from "../../components/environment";
import { settingsFaults } from "../../components/settings";

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
