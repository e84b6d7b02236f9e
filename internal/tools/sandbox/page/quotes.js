import { call } from "./api.js";

const pause = 2_000; // ms between two polls
const levels = 8;
const depth = 400; // trades

/** The public data of the markets, polled while the page is visible. */
export class Quotes {
  markets; // [{ id, name, base, quote }]
  shown; // id of the market whose trades are fetched
  books = new Map(); // by market: { asks, bids }, of [price, volume], the best first
  trades = []; // of the market shown, the oldest first

  #listeners = new Set();
  #turn = 0; // number of the latest poll; results of earlier ones are ignored
  #timer;

  constructor(markets) {
    this.markets = markets;
    this.shown = markets[0].id;
    document.addEventListener("visibilitychange", () => this.#poll());
    this.#poll();
  }

  /** Calls fn(error) after each poll; error is undefined after a success. Returns a function that stops it. */
  watch(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  show(market) {
    this.shown = market;
    this.trades = [];
    this.#poll();
  }

  /** The display name of a market's currency. */
  base(market) {
    return this.markets.find(({ id }) => id === market)?.base ?? market;
  }

  /** The price at the top of one side, "bids" or "asks", as text. */
  best(market, side) {
    return this.books.get(market)?.[side][0]?.[0];
  }

  async #poll() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    if (document.hidden) return;
    let trades, problem;
    try {
      const [all] = await Promise.all([
        call("GET", `/api/v2/trades?market=${encodeURIComponent(this.shown)}&limit=${depth}`),
        ...this.markets.map(({ id }) => this.#book(id)),
      ]);
      trades = all.reverse();
    } catch (error) {
      problem = error;
    }
    if (turn !== this.#turn) return;
    this.#timer = setTimeout(() => this.#poll(), pause);
    if (!problem) this.trades = trades;
    for (const fn of this.#listeners) fn(problem);
  }

  // Sorted here: versions of Peatio differ in which end of a side is the best price.
  async #book(id) {
    const { asks, bids } = await call("GET", `/api/v2/depth?market=${encodeURIComponent(id)}&limit=${levels}`);
    asks.sort(([a], [b]) => a - b);
    bids.sort(([a], [b]) => b - a);
    this.books.set(id, { asks, bids });
  }
}

/** Resolves with the markets. */
export async function markets() {
  const all = await call("GET", "/api/v2/markets");
  return all.map(({ id, name }) => {
    const [base, quote] = name.toLowerCase().split("/");
    return { id, name, base, quote };
  });
}
