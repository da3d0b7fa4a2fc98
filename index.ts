import { readSettings } from "./components/environment";
import { WeatherPipeline } from "./components/pipeline";

const pipeline = new WeatherPipeline("weather", readSettings());

export const {
  prefix,
  network,
  kafka,
  influxdb,
  influxdbPassword,
  influxdbReadToken,
  pages,
  grafanaPassword,
} = pipeline.outputs;
