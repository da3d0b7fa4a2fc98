import uPlot from "uplot";
import { type Measure, measures, resolution } from "../../shared/measures";
import { type StationRow, type StationTrend } from "../stations";
import { element, make, setAttribute, setText } from "./elements";
import { anomalyEntry, showEntries } from "./feeds";
import { durationText, figure, measureTexts, minuteText, timeText, valueText, valueWithUnit } from "./format";

/** The window moves on and its mean with it: it is asked for anew this often. Between, the newest values are put at its end. */
const askAgainMs = 5_000;
/** uPlot measures time in seconds. */
const secondMs = 1_000;

/** The chosen station: its current values, the course of one measure with what is normal for it, and its last anomalies. */
export class Trend {
  readonly #heading = element("trend-heading", HTMLHeadingElement);
  readonly #time = element("trend-time", HTMLParagraphElement);
  readonly #place = element("plot", HTMLDivElement);
  readonly #summary = element("plot-summary", HTMLSpanElement);
  readonly #reading = element("plot-reading", HTMLSpanElement);
  readonly #values = new Map<Measure, HTMLElement>();
  #station = "";
  #measure: Measure = "temperature";
  #trend: StationTrend | undefined;
  /** Newest values that the trend doesn't hold yet. */
  #since: StationTrend["points"][number][] = [];
  #plot: uPlot | undefined;
  #asked: AbortController | undefined;
  #askedMs = 0;
  #askAgain: ReturnType<typeof setTimeout> | undefined;
  #about = { anomalyDeviations: 4, windowMs: 600_000 };

  constructor() {
    const fieldset = element("measures", HTMLFieldSetElement);
    for (const measure of measures) {
      const { name, unit } = measureTexts[measure];
      const input = make("input", { type: "radio", name: "measure", value: measure });
      input.checked = measure === this.#measure;
      input.addEventListener("change", () => {
        this.#measure = measure;
        this.#rebuild();
      });
      const value = make("span", { class: "value" }, "\u2013");
      this.#values.set(measure, value);
      fieldset.append(
        make(
          "label",
          {},
          input,
          make("span", { class: "name" }, name),
          value,
          " ",
          make("span", { class: "unit" }, unit),
        ),
      );
    }
    new ResizeObserver(() => {
      this.#plot?.setSize(this.#size());
    }).observe(this.#place);
  }

  set about(about: { readonly anomalyDeviations: number; readonly windowMs: number }) {
    this.#about = about;
  }

  get station(): string {
    return this.#station;
  }

  choose(station: string, row: StationRow | undefined): void {
    if (station === this.#station) return;
    this.#station = station;
    this.#trend = undefined;
    this.#since = [];
    setText(this.#heading, station);
    this.#rebuild();
    this.update(row);
    this.ask();
  }

  /** Shows the newest values of the station. */
  update(row: StationRow | undefined): void {
    if (!row) return;
    for (const measure of measures) {
      const value = this.#values.get(measure);
      if (value) setText(value, valueText(measure, row[measure]));
    }
    const timeMs = Date.parse(row.time);
    setText(this.#time, `Seen ${timeText(timeMs)}, partition ${row.partition}`);
    const last = this.#since.at(-1)?.[0] ?? this.#trend?.points.at(-1)?.[0] ?? 0;
    if (timeMs > last) {
      this.#since.push([timeMs, ...measures.map((measure) => row[measure] ?? null)]);
      this.#draw();
    }
    // What is new here may be an anomaly, which the window tells; and no other value may come for long.
    const inMs = Math.max(0, this.#askedMs + askAgainMs - Date.now());
    this.#askAgain ??= setTimeout(() => {
      this.ask();
    }, inMs);
  }

  /** Asks the consumer for the station's window. */
  ask(): void {
    if (this.#station === "") return;
    clearTimeout(this.#askAgain);
    this.#askAgain = undefined;
    this.#asked?.abort();
    this.#asked = new AbortController();
    this.#askedMs = Date.now();
    const { signal } = this.#asked;
    fetch(`/trend?station=${encodeURIComponent(this.#station)}`, { signal })
      .then((response) => (response.ok ? (response.json() as Promise<StationTrend>) : undefined))
      .then((trend) => {
        if (signal.aborted || !trend) return;
        this.#trend = trend;
        const last = trend.points.at(-1)?.[0] ?? 0;
        this.#since = this.#since.filter(([timeMs]) => timeMs > last);
        showEntries(
          "station-anomalies",
          trend.anomalies.map((anomaly) => anomalyEntry(anomaly)),
        );
        this.#draw();
      })
      .catch(() => {
        // A consumer that is away: the connection says so, and this is asked again with its next event.
      });
  }

  /** Makes the plot anew: another measure, another station, other colours. */
  restyle(): void {
    this.#rebuild();
  }

  #rebuild(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    setText(this.#reading, "");
    this.#draw();
  }

  #draw(): void {
    const data = this.#data();
    this.#describe(data);
    if (data[0].length === 0) return;
    if (this.#plot) this.#plot.setData(data);
    else this.#plot = new uPlot(this.#options(), data, this.#place);
  }

  /** Time, values, and the values that are anomalies; a line's x must rise. */
  #data(): [number[], (number | null)[], (number | null)[]] {
    const at = measures.indexOf(this.#measure) + 1;
    const anomalies = new Map(
      (this.#trend?.anomalies ?? [])
        .filter(({ measure }) => measure === this.#measure)
        .map(({ time, value }) => [Date.parse(time), value]),
    );
    const points = [...(this.#trend?.points ?? []), ...this.#since];
    const begin = (points.at(-1)?.[0] ?? 0) - this.#about.windowMs;
    const values = new Map(points.map((point) => [point[0], point[at] ?? null]));
    for (const [timeMs, value] of anomalies) if (timeMs >= begin) values.set(timeMs, value);
    const inTime = [...values].filter(([timeMs]) => timeMs >= begin).sort(([a], [b]) => a - b);
    return [
      inTime.map(([timeMs]) => timeMs / secondMs),
      inTime.map(([, value]) => value),
      inTime.map(([timeMs]) => anomalies.get(timeMs) ?? null),
    ];
  }

  #describe([times, values]: [number[], (number | null)[], (number | null)[]]): void {
    const known = values.filter((value) => value !== null);
    const text = measureTexts[this.#measure];
    const statistics = this.#trend?.statistics[this.#measure];
    if (this.#station === "" || known.length === 0) {
      const label =
        this.#station === "" ? "No station is chosen yet." : `${this.#station} reports no such value.`;
      setAttribute(this.#place, "aria-label", label);
      setText(this.#summary, this.#station === "" ? "" : `No ${text.name.toLowerCase()} was reported.`);
      return;
    }
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const lasted = durationText(((times.at(-1) ?? 0) - (times[0] ?? 0)) * secondMs);
    setAttribute(
      this.#place,
      "aria-label",
      `${text.name} of ${this.#station} over the last ${lasted}: ` +
        `between ${valueWithUnit(this.#measure, low)} and ${valueWithUnit(this.#measure, high)}, ` +
        `now ${valueWithUnit(this.#measure, known.at(-1) ?? low)}`,
    );
    setText(
      this.#summary,
      statistics
        ? `Last ${lasted}: mean ${figure(statistics.mean, 2)} ${text.unit}, deviation ${figure(statistics.deviation, 2)}, ` +
            `${figure(statistics.points)} points. Outside the shaded band a value is an anomaly.`
        : `Last ${lasted}.`,
    );
  }

  /** What is no anomaly, at this moment. */
  #normal(): { readonly mean: number; readonly low: number; readonly high: number } | undefined {
    const statistics = this.#trend?.statistics[this.#measure];
    if (!statistics || statistics.points < 2) return undefined;
    const reach = this.#about.anomalyDeviations * Math.max(statistics.deviation, resolution[this.#measure]);
    return { mean: statistics.mean, low: statistics.mean - reach, high: statistics.mean + reach };
  }

  #size(): { readonly width: number; readonly height: number } {
    return { width: this.#place.clientWidth, height: this.#place.clientHeight };
  }

  #options(): uPlot.Options {
    const measure = this.#measure;
    const colour = this.#colours();
    const axis: uPlot.Axis = {
      stroke: colour("quiet"),
      font: `12px ${getComputedStyle(this.#place).fontFamily}`,
      grid: { stroke: colour("line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, fill: colour("accent") } },
      scales: {
        x: { time: true },
        y: {
          range: (_plot, low, high) => {
            const normal = this.#normal();
            const [from, to] = [Math.min(low, normal?.low ?? low), Math.max(high, normal?.high ?? high)];
            const room = Math.max((to - from) * 0.06, resolution[measure]);
            return [from - room, to + room];
          },
        },
      },
      axes: [
        {
          ...axis,
          space: 80,
          values: (_plot, splits) => {
            const step = (splits[1] ?? 0) - (splits[0] ?? 0);
            return splits.map((second) =>
              step < 60 ? timeText(second * secondMs) : minuteText(second * secondMs),
            );
          },
        },
        {
          ...axis,
          size: 56,
          space: 40,
          values: (_plot, splits) => {
            const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
            const digits = [0, 1].find((places) => Number(step.toFixed(places)) === Number(step.toFixed(3)));
            return splits.map((value) => figure(value, digits ?? 2));
          },
        },
      ],
      series: [
        {},
        { stroke: colour("accent"), width: 1.5, spanGaps: true, points: { show: false } },
        {
          stroke: colour("crit"),
          paths: () => null,
          points: { show: true, size: 8, width: 2, fill: colour("sheet") },
        },
      ],
      hooks: {
        drawClear: [
          (plot) => {
            this.#drawNormal(plot, colour);
          },
        ],
        setCursor: [
          ({ cursor: { idx }, data }) => {
            const [time, value] = idx === null || idx === undefined ? [] : [data[0][idx], data[1]?.[idx]];
            setText(
              this.#reading,
              time === undefined || value === null || value === undefined
                ? ""
                : `${timeText(time * secondMs)}: ${valueWithUnit(measure, value)}`,
            );
          },
        ],
      },
    };
  }

  #drawNormal(plot: uPlot, colour: (name: string) => string): void {
    const normal = this.#normal();
    if (!normal) return;
    const { ctx, bbox } = plot;
    const [top, middle, bottom] = [normal.high, normal.mean, normal.low].map((value) =>
      plot.valToPos(value, "y", true),
    ) as [number, number, number];
    ctx.save();
    ctx.fillStyle = colour("normal");
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
    ctx.strokeStyle = colour("quiet");
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, middle);
    ctx.lineTo(bbox.left + bbox.width, middle);
    ctx.stroke();
    ctx.restore();
  }

  /** The style sheet's colours by their names, as a canvas wants them. */
  #colours(): (name: string) => string {
    const probe = make("span");
    this.#place.append(probe);
    const known = Object.fromEntries(
      ["quiet", "line", "accent", "crit", "sheet", "normal"].map((name) => {
        probe.style.color = `var(--${name})`;
        return [name, getComputedStyle(probe).color];
      }),
    );
    probe.remove();
    return (name) => known[name] ?? "";
  }
}
