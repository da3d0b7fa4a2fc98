/** Fixed uid of the provisioned InfluxDB datasource: dashboards refer to it. */
export const influxDatasourceUid = "weather-influxdb";

/** One panel: its title, the Flux query behind it, and the unit in Grafana's spelling. */
export interface PanelSpec {
  title: string;
  kind: "timeseries" | "stat" | "table";
  unit: string;
  query: string;
}

/** One dashboard, in a grid two panels wide. The uid is unique among all, and part of its address. */
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

/** Figures of one name in the metrics' bucket, by some of their tags. */
function figure(bucket: string, measurement: string, name: string): string {
  return `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${measurement}" and r._field == "${name}")`;
}

/** The last value of each window, a series for each value of the tags. */
function latest(of: string, ...tags: string[]): string {
  return `${of}
  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: false)
  |> keep(columns: ${JSON.stringify(["_time", "_value", "_field", ...tags])})`;
}

/** The growth a second of counters or offsets, summed up over all that share the tags; where a program began anew there is none. */
function perSecond(of: string, ...tags: string[]): string {
  return `${of}
  |> aggregateWindow(every: 10s, fn: last, createEmpty: false)
  |> derivative(unit: 1s, nonNegative: true)
  |> filter(fn: (r) => exists r._value)
  |> group(columns: ${JSON.stringify(["_time", ...tags])})
  |> sum()
  |> group(columns: ${JSON.stringify(tags)})
  |> sort(columns: ["_time"])`;
}

/** The pipeline itself, from the bucket that a `MetricsCollector` writes. */
export function pipelineDashboard(bucket: string, measurement: string): DashboardSpec {
  const of = (name: string) => figure(bucket, measurement, name);
  return {
    uid: "pipeline",
    title: "Pipeline",
    panels: [
      {
        title: "Messages per second by topic",
        kind: "timeseries",
        unit: "cps",
        query: perSecond(of("weather_kafka_end_offset"), "topic"),
      },
      {
        title: "Injected, published and analysed per second",
        kind: "timeseries",
        unit: "cps",
        query: perSecond(
          `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${measurement}" and (r._field == "weather_inject_points_written_total" or r._field == "weather_producer_messages_published_total" or r._field == "weather_consumer_messages_total"))`,
          "_field",
        ),
      },
      {
        title: "Lag by group and partition",
        kind: "timeseries",
        unit: "short",
        query: latest(of("weather_kafka_group_lag"), "group", "topic", "partition"),
      },
      {
        title: "Dead letters of the last minute",
        kind: "timeseries",
        unit: "short",
        query: latest(of("weather_kafka_recent_dead_letters"), "topic"),
      },
      {
        title: "Brokers registered",
        kind: "stat",
        unit: "short",
        query: latest(of("weather_kafka_brokers")),
      },
      {
        title: "Partitions in trouble",
        kind: "timeseries",
        unit: "short",
        query: latest(
          `from(bucket: "${bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${measurement}" and r._field =~ /^weather_kafka_(under_replicated|under_min_isr|offline)_partitions$/)`,
        ),
      },
      {
        title: "Controllers: metadata records behind",
        kind: "timeseries",
        unit: "short",
        query: latest(of("weather_kafka_controller_lag"), "controller"),
      },
      {
        title: "Producer: time behind InfluxDB",
        kind: "timeseries",
        unit: "s",
        query: latest(of("weather_producer_behind_seconds")),
      },
      {
        title: "Log bytes by topic and broker",
        kind: "timeseries",
        unit: "bytes",
        query: latest(of("weather_kafka_topic_bytes"), "topic", "broker"),
      },
      {
        title: "Usable share of each broker's disk",
        kind: "timeseries",
        unit: "percent",
        query: latest(of("weather_kafka_disk_usable_percent"), "broker"),
      },
    ],
  };
}

const monitoring = (measurement: string) => `from(bucket: "_monitoring")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "${measurement}" and r._field == "_message")`;

/** What the checks and the rule reported, from InfluxDB's own `_monitoring` bucket. */
export const alertsDashboard: DashboardSpec = {
  uid: "alerts",
  title: "Alerts",
  panels: [
    {
      title: "Statuses that are CRIT, by check",
      kind: "timeseries",
      unit: "short",
      query: `${monitoring("statuses")}
  |> filter(fn: (r) => r._level == "crit")
  |> group(columns: ["_check_name"])
  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)`,
    },
    {
      title: "Statuses by level",
      kind: "timeseries",
      unit: "short",
      query: `${monitoring("statuses")}
  |> group(columns: ["_level"])
  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)`,
    },
    {
      title: "Notifications sent",
      kind: "stat",
      unit: "short",
      query: `${monitoring("notifications")}
  |> group()
  |> count()`,
    },
    {
      title: "Latest notifications",
      kind: "table",
      unit: "short",
      query: `${monitoring("notifications")}
  |> group()
  |> sort(columns: ["_time"], desc: true)
  |> limit(n: 20)
  |> keep(columns: ["_time", "_check_name", "_level", "_value"])`,
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
        fieldConfig: {
          defaults: { unit: panel.unit, ...(panel.kind === "timeseries" && { custom: { spanNulls: true } }) },
          overrides: [],
        },
        targets: [
          { refId: "A", datasource: { type: "influxdb", uid: influxDatasourceUid }, query: panel.query },
        ],
      })),
    },
    null,
    2,
  );
}
