import { priceTicks, timeTicks } from "./scale.js";
import { time } from "./format.js";

const right = 66; // px for prices
const below = 22; // px for times
const above = 8;
const buckets = 60; // bars of volume

/** A drawing of trades in an area in px: their coordinates and SVG nodes. */
export class Plot {
  #points;
  #width;
  #height;
  #from;
  #to;
  #min;
  #max;

  /** points has at least one element, oldest first. */
  constructor(points, { width, height }) {
    const prices = points.map(({ price }) => price);
    const low = Math.min(...prices);
    const high = Math.max(...prices);
    const room = high - low || high * 0.001;
    this.#points = points;
    this.#width = width - right;
    this.#height = height - below;
    this.#to = points.at(-1).at;
    this.#from = Math.min(points[0].at, this.#to - 30_000);
    this.#min = low - room * 0.35; // for the bars of volume
    this.#max = high + room * 0.1;
  }

  x(at) {
    return ((at - this.#from) / (this.#to - this.#from)) * this.#width;
  }

  y(price) {
    return above + ((this.#max - price) / (this.#max - this.#min)) * (this.#height - above);
  }

  /** Everything but the mark. */
  nodes() {
    return [...this.#prices(), ...this.#times(), this.#bars(), ...this.#line()];
  }

  /** Marks one point. */
  mark({ at, price }) {
    const [x, y] = [round(this.x(at)), round(this.y(price))];
    return [node("path", { class: "cross", d: `M${x} 0V${this.#height}M0 ${y}H${this.#width}` }), node("circle", { class: "spot", cx: x, cy: y, r: 4 })];
  }

  #prices() {
    return priceTicks(this.#min, this.#max, this.#height / 36).flatMap(({ at, text }) => {
      const y = round(this.y(at));
      return [node("path", { class: "grid", d: `M0 ${y}H${this.#width}` }), node("text", { x: this.#width + 10, y: y + 4 }, text)];
    });
  }

  #times() {
    return timeTicks(this.#from, this.#to, this.#width / 110)
      .filter((at) => this.x(at) > 30)
      .map((at) => node("text", { class: "when", x: round(this.x(at)), y: this.#height + 16 }, time(at)));
  }

  #bars() {
    const sums = new Array(buckets).fill(0);
    for (const { at, volume } of this.#points) sums[Math.min(buckets - 1, Math.floor((buckets * this.x(at)) / this.#width))] += volume;
    const most = Math.max(...sums);
    const width = this.#width / buckets;
    const bar = (sum, i) => (sum > 0 ? `M${round((i + 0.15) * width)} ${this.#height}v${round((-0.2 * this.#height * sum) / most)}h${round(width * 0.7)}V${this.#height}z` : "");
    return node("path", { class: "bars", d: sums.map(bar).join("") });
  }

  #line() {
    const d = this.#points.map(({ at, price }, i) => `${i ? "L" : "M"}${round(this.x(at))} ${round(this.y(price))}`).join("");
    const last = this.#points.at(-1);
    const y = round(this.y(last.price));
    return [
      node("path", { class: "area", d: `${d}V${this.#height}H${round(this.x(this.#points[0].at))}z` }),
      node("path", { class: "line", d }),
      node("circle", { class: "spot", cx: round(this.x(last.at)), cy: y, r: 3 }),
    ];
  }
}

function node(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(text);
  return element;
}

function round(px) {
  return Math.round(px * 10) / 10;
}
