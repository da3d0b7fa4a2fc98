import { element, setText } from "./elements";
import { figure } from "./format";

/** The viewBox of the course, and a point for each half second of the last minute. */
const box = { width: 120, height: 32 };
const points = 120;
const stepMs = 500;

/** Messages a second: the figure, and its course over the last minute. */
export class RateCourse {
  readonly #value = element("rate", HTMLElement);
  readonly #line = element("rate-course", SVGSVGElement).querySelector("polyline");
  readonly #rates: { readonly timeMs: number; readonly rate: number }[] = [];

  add(timeMs: number, rate: number): void {
    setText(this.#value, figure(rate, rate > 0 && rate < 10 ? 1 : 0));
    this.#rates.push({ timeMs, rate });
    while ((this.#rates[0]?.timeMs ?? timeMs) < timeMs - points * stepMs) this.#rates.shift();
    const highest = Math.max(1, ...this.#rates.map((one) => one.rate));
    this.#line?.setAttribute(
      "points",
      this.#rates
        .map((one) => {
          const x = box.width * (1 - (timeMs - one.timeMs) / (points * stepMs));
          const y = box.height - 1 - (box.height - 2) * (one.rate / highest);
          return `${x.toFixed(1)},${y.toFixed(1)}`;
        })
        .join(" "),
    );
  }
}
