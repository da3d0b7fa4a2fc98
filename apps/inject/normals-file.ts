import { dirname, join } from "node:path";

/** Where NOAA's hourly normals of Seattle lie in an installed `node_modules`: a CSV of the package vega-datasets (BSD-3-Clause). */
export function normalsFile(): string {
  return join(dirname(require.resolve("vega-datasets")), "..", "data", "seattle-weather-hourly-normals.csv");
}
