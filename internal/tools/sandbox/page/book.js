import { el, write } from "./dom.js";

const rows = 8;

/** The top of a market's book: bids and asks, each with a bar as long as its volume. */
export class Book {
  #bids;
  #asks;

  constructor(root) {
    this.#bids = side(root.querySelector(".bids tbody"), ["volume", "price"]);
    this.#asks = side(root.querySelector(".asks tbody"), ["price", "volume"]);
  }

  draw({ asks, bids } = { asks: [], bids: [] }) {
    const max = Math.max(...[...asks, ...bids].map(([, volume]) => Number(volume)));
    fill(this.#bids, bids, max);
    fill(this.#asks, asks, max);
  }
}

function side(body, columns) {
  const all = Array.from({ length: rows }, () => {
    const cells = Object.fromEntries(columns.map((name) => [name, el("td", { class: name })]));
    return { row: el("tr", { "data-test": "level" }, ...Object.values(cells)), ...cells };
  });
  body.append(...all.map(({ row }) => row));
  return all;
}

function fill(all, levels, max) {
  all.forEach(({ row, price, volume }, i) => {
    const [p = "", v = ""] = levels[i] ?? [];
    write(price, p);
    write(volume, v);
    row.style.setProperty("--share", `${v ? (100 * v) / max : 0}%`);
  });
}
