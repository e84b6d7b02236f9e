import { el } from "./dom.js";

const pause = 250; // ms for which changes are collected

/** A user's balances, fetched whenever they may have changed. */
export class Balances {
  #root;
  #account;
  #timer;

  constructor(root, account) {
    this.#root = root;
    this.#account = account;
  }

  /** Fetches them soon. */
  refresh() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#fetch().catch(() => {}); // the next event fetches again
    }, pause);
  }

  close() {
    clearTimeout(this.#timer);
  }

  async #fetch() {
    const all = await this.#account.call("GET", "/api/v2/peatio/account/balances");
    this.#root.replaceChildren(
      ...all.map(({ currency, balance, locked }) => {
        const held = Number(locked) > 0 ? [el("span", { "data-test": "locked" }, `${locked} in orders`)] : [];
        return el("div", { "data-test": `balance-${currency}` }, el("dt", {}, currency), el("dd", {}, el("span", { "data-test": "available" }, balance), ...held));
      }),
    );
  }
}
