import { time } from "./format.js";
import { Plot } from "./plot.js";
import { placed } from "./scale.js";

const scale = 200; // ms per px

/** The prices of the last minutes. Pointer and arrow keys select a trade, which is described in words. */
export class Chart {
  #root;
  #say;
  #svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  #points = [];
  #size = { width: 0, height: 0 };
  #plot; // undefined if there is nothing to draw
  #picked; // index; undefined: none

  /** say(text) shows the selected trade, or else the number of trades. */
  constructor(root, say) {
    this.#root = root;
    this.#say = say;
    this.#svg.setAttribute("aria-hidden", "true");
    root.append(this.#svg);
    new ResizeObserver(([{ contentRect }]) => {
      this.#size = contentRect;
      this.#paint();
    }).observe(root);
    root.addEventListener("pointermove", ({ offsetX }) => this.#pick(this.#nearest(offsetX)));
    root.addEventListener("pointerleave", () => this.#pick());
    root.addEventListener("blur", () => this.#pick());
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Draws a market's trades, the oldest first. */
  draw(trades, base) {
    const picked = this.#points[this.#picked]?.trade.id;
    const from = trades.length > 0 ? Date.parse(trades.at(-1).created_at) - scale * this.#size.width : 0;
    this.#points = placed(trades).filter(({ at }) => at > from);
    for (const point of this.#points) point.text = `${time(point.at)}: ${point.trade.volume} ${base} at ${point.trade.price}`;
    const again = this.#points.findIndex(({ trade }) => trade.id === picked);
    this.#paint();
    this.#pick(again < 0 ? undefined : again);
  }

  #key(event) {
    const last = this.#points.length - 1;
    const from = this.#picked ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - 10, PageDown: from + 10, Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.#pick();
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#pick(Math.min(last, Math.max(0, to)));
  }

  #nearest(x) {
    const far = this.#points.map(({ at }) => Math.abs(this.#plot.x(at) - x));
    return far.length > 0 ? far.indexOf(Math.min(...far)) : undefined;
  }

  #paint() {
    const drawable = this.#points.length > 0 && this.#size.width > 100;
    this.#plot = drawable ? new Plot(this.#points, this.#size) : undefined;
    this.#svg.replaceChildren(...(this.#plot?.nodes() ?? []));
    this.#mark();
  }

  #pick(index) {
    this.#picked = index;
    this.#mark();
    const last = Math.max(0, this.#points.length - 1);
    const text = this.#points[index]?.text ?? `the last ${this.#points.length} trades`;
    this.#say(text);
    this.#root.setAttribute("aria-valuemax", last);
    this.#root.setAttribute("aria-valuenow", index ?? last);
    this.#root.setAttribute("aria-valuetext", text);
  }

  #mark() {
    for (const old of this.#svg.querySelectorAll("[data-mark]")) old.remove();
    const point = this.#points[this.#picked];
    if (!point || !this.#plot) return;
    const nodes = this.#plot.mark(point);
    for (const element of nodes) element.dataset.mark = "";
    this.#svg.append(...nodes);
  }
}
