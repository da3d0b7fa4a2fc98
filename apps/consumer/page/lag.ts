import { element, make, setText } from "./elements";
import { figure } from "./format";

const drawn = new Map<number, HTMLTableCellElement>();

/** Shows the messages of each partition that the consumer has not taken in yet. */
export function showLag(lag: readonly (readonly [partition: number, behind: number])[]): void {
  const body = element("lag-rows", HTMLTableSectionElement);
  element("lag-empty", HTMLParagraphElement).hidden = lag.length > 0;
  if (lag.length !== drawn.size || lag.some(([partition]) => !drawn.has(partition))) {
    drawn.clear();
    body.replaceChildren(
      ...lag.map(([partition]) => {
        const cell = make("td", { class: "number" });
        drawn.set(partition, cell);
        return make("tr", {}, make("th", { scope: "row" }, String(partition)), cell);
      }),
    );
  }
  for (const [partition, behind] of lag) {
    const cell = drawn.get(partition);
    if (cell) setText(cell, figure(behind));
  }
}
