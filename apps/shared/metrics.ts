type Labels = Readonly<Record<string, string | number>>;

interface Family {
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: Map<string, number>;
}

/** A number that only grows. */
export interface Counter {
  add(amount: number, labels?: Labels): void;
}

/** A number that goes up and down. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Sets these samples and forgets all others, such as those of a broker that is gone. */
  replace(samples: Iterable<readonly [value: number, labels?: Labels]>): void;
}

/** Counters and gauges of one program, written in Prometheus' text format (version 0.0.4). */
export class Metrics {
  readonly #families = new Map<string, Family>();

  /** Declares a counter. Without labels it reads 0 until the first `add`. */
  counter(name: string, help: string): Counter {
    const { samples } = this.#declare(name, "counter", help);
    return {
      add: (amount, labels) => {
        const key = labelText(labels);
        samples.set(key, (samples.get(key) ?? 0) + amount);
      },
    };
  }

  /** Declares a gauge. */
  gauge(name: string, help: string): Gauge {
    const { samples } = this.#declare(name, "gauge", help);
    const set: Gauge["set"] = (value, labels) => samples.set(labelText(labels), value);
    return {
      set,
      replace: (all) => {
        samples.clear();
        for (const [value, labels] of all) set(value, labels);
      },
    };
  }

  /** All samples as text, to be served as `text/plain; version=0.0.4`. */
  text(): string {
    let text = "";
    for (const [name, { type, help, samples }] of this.#families) {
      text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
      if (samples.size === 0 && type === "counter") text += `${name} 0\n`;
      for (const [labels, value] of samples) text += `${name}${labels} ${value}\n`;
    }
    return text;
  }

  #declare(name: string, type: Family["type"], help: string): Family {
    if (this.#families.has(name)) throw new Error(`metric ${name} is declared twice`);
    const family: Family = { type, help, samples: new Map() };
    this.#families.set(name, family);
    return family;
  }
}

function labelText(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${String(value).replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
