import { type Measure, measures } from "../../shared/measures";
import { type StationRow } from "../stations";
import { element, make, setAttribute, setText } from "./elements";
import { figure, measureTexts, timeText, valueText } from "./format";

/** Rows in the document at once, however many stations there are. */
const rowsPerPage = 15;
/** Where live values decide it, the order is made anew this often: rows that jump can't be read. */
const reorderMs = 5_000;

type Column = "station" | Measure | "anomalies" | "time";

interface ColumnText {
  readonly name: string;
  readonly unit?: string;
  /** Left out on a phone. */
  readonly spare?: boolean;
}

const columns: Readonly<Record<Column, ColumnText>> = {
  station: { name: "Station" },
  temperature: { name: "Temp.", unit: measureTexts.temperature.unit },
  pressure: { name: "Pressure", unit: measureTexts.pressure.unit, spare: true },
  wind: { name: "Wind", unit: measureTexts.wind.unit },
  humidity: { name: "Hum.", unit: measureTexts.humidity.unit, spare: true },
  anomalies: { name: "Anom." },
  time: { name: "Seen", spare: true },
};
const columnNames = Object.keys(columns) as Column[];

interface RowNodes {
  readonly row: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  readonly cells: ReadonlyMap<Column, HTMLTableCellElement>;
  station: string;
}

/** Names in the order a person expects: station 2 before station 10. */
const byName = new Intl.Collator(undefined, { numeric: true });

/** The table of the stations: found by name, sorted by any column, a page at a time. */
export class StationsTable {
  readonly #stations = new Map<string, StationRow>();
  readonly #body = element("stations-rows", HTMLTableSectionElement);
  readonly #empty = element("stations-empty", HTMLParagraphElement);
  readonly #range = element("range", HTMLSpanElement);
  readonly #previous = element("previous", HTMLButtonElement);
  readonly #next = element("next", HTMLButtonElement);
  readonly #find = element("find", HTMLInputElement);
  readonly #heads = new Map<Column, HTMLTableCellElement>();
  readonly #rows: RowNodes[] = [];
  #sort: { readonly column: Column; readonly descending: boolean } = { column: "station", descending: false };
  #order: string[] = [];
  #orderedMs = 0;
  #page = 0;
  #chosen = "";

  constructor(private readonly onChoose: (station: string) => void) {
    element("stations-head", HTMLTableSectionElement).append(
      make("tr", {}, ...columnNames.map((column) => this.#head(column))),
    );
    this.#find.addEventListener("input", () => {
      this.#page = 0;
      this.#reorder();
    });
    this.#previous.addEventListener("click", () => {
      this.#page--;
      this.#draw();
    });
    this.#next.addEventListener("click", () => {
      this.#page++;
      this.#draw();
    });
  }

  get size(): number {
    return this.#stations.size;
  }

  get(station: string): StationRow | undefined {
    return this.#stations.get(station);
  }

  /** The first in the order shown. */
  get first(): string | undefined {
    return this.#order[0];
  }

  /** Takes rows in; where they are a whole new list, those of before go. */
  update(rows: readonly StationRow[], isWhole: boolean): void {
    if (isWhole) this.#stations.clear();
    const before = this.#stations.size;
    for (const row of rows) this.#stations.set(row.station, row);
    const isOld =
      this.#sort.column !== "station" &&
      Date.now() - this.#orderedMs >= reorderMs &&
      // Nobody's row is taken from under the pointer or the focus.
      !this.#body.matches(":hover, :focus-within");
    if (isWhole || isOld || this.#stations.size !== before) this.#reorder();
    else this.#draw();
  }

  choose(station: string): void {
    this.#chosen = station;
    this.#draw();
  }

  #head(column: Column): HTMLTableCellElement {
    const { name, unit, spare } = columns[column];
    const button = make("button", { type: "button" }, unit === undefined ? name : `${name} ${unit}`);
    const classes = [column === "station" ? "" : "number", spare ? "spare" : ""].join(" ").trim();
    const head = make("th", { scope: "col", class: classes }, button);
    if (column === this.#sort.column) head.setAttribute("aria-sort", "ascending");
    button.addEventListener("click", () => {
      const { column: current, descending } = this.#sort;
      // Of figures the largest are asked for first.
      this.#sort = { column, descending: column === current ? !descending : column !== "station" };
      for (const [other, cell] of this.#heads) {
        const order = this.#sort.descending ? "descending" : "ascending";
        setAttribute(cell, "aria-sort", other === column ? order : undefined);
      }
      this.#page = 0;
      this.#reorder();
    });
    this.#heads.set(column, head);
    return head;
  }

  #reorder(): void {
    const wanted = this.#find.value.trim().toLowerCase();
    const { column, descending } = this.#sort;
    const sign = descending ? -1 : 1;
    this.#order = [...this.#stations.values()]
      .filter(({ station }) => station.toLowerCase().includes(wanted))
      .sort((a, b) => sign * compare(a, b, column) || byName.compare(a.station, b.station))
      .map(({ station }) => station);
    this.#orderedMs = Date.now();
    this.#draw();
  }

  #draw(): void {
    const count = this.#order.length;
    const lastPage = Math.max(0, Math.ceil(count / rowsPerPage) - 1);
    this.#page = Math.min(Math.max(this.#page, 0), lastPage);
    const start = this.#page * rowsPerPage;
    const shown = this.#order.slice(start, start + rowsPerPage);
    while (this.#rows.length < shown.length) this.#addRow();
    this.#rows.forEach((nodes, index) => {
      const station = this.#stations.get(shown[index] ?? "");
      nodes.row.hidden = !station;
      if (station) this.#fill(nodes, station);
    });
    this.#empty.hidden = count > 0;
    setText(
      this.#empty,
      this.#stations.size === 0 ? "Waiting for the first message." : "No station has that in its name.",
    );
    const of =
      count === this.#stations.size
        ? figure(count)
        : `${figure(count)} found in ${figure(this.#stations.size)}`;
    setText(
      this.#range,
      count === 0 ? "" : `${figure(start + 1)}\u2013${figure(start + shown.length)} of ${of}`,
    );
    this.#previous.disabled = this.#page === 0;
    this.#next.disabled = this.#page === lastPage;
  }

  #addRow(): void {
    const button = make("button", { type: "button" });
    const cells = new Map(
      columnNames
        .filter((column) => column !== "station")
        .map((column) => [column, make("td", { class: `number${columns[column].spare ? " spare" : ""}` })]),
    );
    const row = make("tr", {}, make("th", { scope: "row" }, button), ...cells.values());
    const nodes: RowNodes = { row, button, cells, station: "" };
    row.addEventListener("click", () => {
      this.onChoose(nodes.station);
    });
    this.#rows.push(nodes);
    this.#body.append(row);
  }

  #fill(nodes: RowNodes, row: StationRow): void {
    nodes.station = row.station;
    const isChosen = row.station === this.#chosen;
    setText(nodes.button, row.station);
    setAttribute(nodes.button, "aria-pressed", String(isChosen));
    setAttribute(nodes.button, "title", row.station);
    setAttribute(nodes.row, "data-chosen", isChosen ? "" : undefined);
    for (const measure of measures) this.#cell(nodes, measure, valueText(measure, row[measure]));
    this.#cell(nodes, "anomalies", figure(row.anomalies), row.anomalies > 0 ? "crit" : "none");
    this.#cell(nodes, "time", timeText(Date.parse(row.time)));
  }

  #cell({ cells }: RowNodes, column: Column, text: string, weight?: string): void {
    const cell = cells.get(column);
    if (!cell) return;
    setText(cell, text);
    setAttribute(cell, "data-weight", weight);
  }
}

function compare(a: StationRow, b: StationRow, column: Column): number {
  if (column === "station") return byName.compare(a.station, b.station);
  if (column === "time") return Date.parse(a.time) - Date.parse(b.time);
  // What isn't measured is less than anything that is.
  return (a[column] ?? Number.NEGATIVE_INFINITY) - (b[column] ?? Number.NEGATIVE_INFINITY) || 0;
}
