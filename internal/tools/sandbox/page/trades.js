import { el } from "./dom.js";
import { laterFirst, time } from "./format.js";
import { List } from "./list.js";
import { marketOf, tradeSide } from "./words.js";

const kept = 50;

/** A user's own trades, the latest first: fetched at the start, then by events. */
export class Trades {
  #account;
  #markets;
  #list;

  constructor(section, account, markets) {
    this.#account = account;
    this.#markets = markets;
    this.#list = new List(section, "tbody", kept);
  }

  /** Fetches the latest trades and keeps the known ones. */
  async fetch() {
    const answers = await Promise.all(this.#markets.map(({ id }) => this.#account.call("GET", `/api/v2/trades/my?market=${encodeURIComponent(id)}&limit=${kept}`)));
    const all = answers.flat().sort((a, b) => laterFirst(b.id, a.id));
    for (const trade of all.slice(-kept)) this.add(trade);
  }

  /** Adds a trade, unless it is known. */
  add(trade) {
    if (this.#list.has(trade.id)) return;
    const side = tradeSide(trade);
    const cells = [time(trade.created_at), marketOf(trade)].map((text) => el("td", {}, text));
    const row = el("tr", { "data-test": "trade", "data-id": trade.id }, ...cells, el("td", { class: side }, side), el("td", { class: "num" }, trade.price), el("td", { class: "num" }, trade.volume));
    this.#list.add(trade.id, row);
  }
}
