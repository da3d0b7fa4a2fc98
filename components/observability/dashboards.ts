/** Fixed uid of the provisioned InfluxDB datasource: dashboards refer to it. */
export const influxDatasourceUid = "weather-influxdb";

/** One panel: its title, the Flux query behind it, and the unit in Grafana's spelling. */
export interface PanelSpec {
  title: string;
  kind: "timeseries" | "stat";
  unit: string;
  query: string;
}

/** One dashboard, in a grid two panels wide. */
export interface DashboardSpec {
  uid: string;
  title: string;
  panels: PanelSpec[];
}

const weatherSeries = (bucket: string, field: string) =>
  `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "weather" and r._field == "${field}")
  |> aggregateWindow(every: v.windowPeriod, fn: mean, createEmpty: false)
  |> keep(columns: ["_time", "_value", "station"])`;

/** The weather itself, from the bucket that inject writes. */
export function weatherDashboard(bucket: string): DashboardSpec {
  return {
    uid: "weather",
    title: "Weather",
    panels: [
      {
        title: "Temperature",
        kind: "timeseries",
        unit: "celsius",
        query: weatherSeries(bucket, "temperature"),
      },
      {
        title: "Pressure",
        kind: "timeseries",
        unit: "pressurehpa",
        query: weatherSeries(bucket, "pressure"),
      },
      { title: "Wind", kind: "timeseries", unit: "velocityms", query: weatherSeries(bucket, "wind") },
      {
        title: "Points per second",
        kind: "timeseries",
        unit: "cps",
        query: `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "weather" and r._field == "temperature")
  |> group()
  |> aggregateWindow(every: 10s, fn: count, createEmpty: false)
  |> map(fn: (r) => ({ r with _value: float(v: r._value) / 10.0 }))`,
      },
    ],
  };
}

/** What the checks and the rule reported, from InfluxDB's own `_monitoring` bucket. */
export const alertsDashboard: DashboardSpec = {
  uid: "alerts",
  title: "Alerts",
  panels: [
    {
      title: "Critical statuses",
      kind: "timeseries",
      unit: "short",
      query: `from(bucket: "_monitoring")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "statuses" and r._field == "_message" and r._level == "crit")
  |> group(columns: ["_check_name"])
  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: true)`,
    },
    {
      title: "Notifications sent",
      kind: "stat",
      unit: "short",
      query: `from(bucket: "_monitoring")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "notifications" and r._field == "_message")
  |> group()
  |> count()`,
    },
  ],
};

/** The dashboard in Grafana's own JSON. */
export function grafanaJson({ uid, title, panels }: DashboardSpec): string {
  return JSON.stringify(
    {
      uid,
      title,
      schemaVersion: 41,
      refresh: "5s",
      time: { from: "now-15m", to: "now" },
      timezone: "browser",
      panels: panels.map((panel, index) => ({
        id: index + 1,
        title: panel.title,
        type: panel.kind,
        datasource: { type: "influxdb", uid: influxDatasourceUid },
        gridPos: { x: (index % 2) * 12, y: Math.floor(index / 2) * 9, w: 12, h: 9 },
        fieldConfig: { defaults: { unit: panel.unit, custom: { spanNulls: true } }, overrides: [] },
        targets: [
          { refId: "A", datasource: { type: "influxdb", uid: influxDatasourceUid }, query: panel.query },
        ],
      })),
    },
    null,
    2,
  );
}
