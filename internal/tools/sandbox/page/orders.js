import { el, field, write } from "./dom.js";
import { laterFirst } from "./format.js";
import { List } from "./list.js";
import { marketOf, volumeOf } from "./words.js";

const page = 1000; // most orders in a response

/** A user's open orders: fetched at the start, changed by events, canceled by buttons. */
export class Orders {
  #section;
  #account;
  #markets;
  #list;

  constructor(section, account, markets) {
    this.#section = section;
    this.#account = account;
    this.#markets = markets;
    this.#list = new List(section, "tbody");
    section.querySelector("[data-act=cancel-all]").addEventListener("click", () => this.#try(() => account.call("POST", "/api/v2/orders/clear", {})));
  }

  /** Replaces the orders by the open ones. */
  async fetch() {
    const all = (await Promise.all(this.#markets.map(({ id }) => this.#open(id)))).flat();
    this.#list.keep(new Set(all.map(({ id }) => id)));
    for (const order of all.sort((a, b) => laterFirst(b.id, a.id))) this.put(order);
    this.#count();
  }

  /** Updates an order. */
  put(order) {
    if (order.state !== "wait") this.#list.remove(order.id);
    else if (this.#list.has(order.id)) fill(this.#list.get(order.id), order);
    else this.#list.add(order.id, this.#row(order));
    this.#count();
  }

  async #open(market) {
    const all = [];
    for (let n = 1, got; n === 1 || got.length === page; n++) {
      got = await this.#account.call("GET", `/api/v2/orders?market=${encodeURIComponent(market)}&state=wait&limit=${page}&page=${n}`);
      all.push(...got);
    }
    return all;
  }

  #row(order) {
    const cancel = el("button", { type: "button", class: "quiet small", "data-test": "cancel-order", "aria-label": `Cancel order ${order.id}` }, "Cancel");
    cancel.addEventListener("click", () => this.#try(() => this.#account.call("POST", "/api/v2/order/delete", { id: order.id })));
    const row = el(
      "tr",
      { "data-test": "order", "data-id": order.id },
      el("td", {}, marketOf(order)),
      el("td", { class: order.side }, order.side),
      el("td", { class: "num" }, order.price ?? "market"),
      el("td", { class: "num", "data-field": "left" }),
      el("td", { class: "num" }, volumeOf(order)),
      el("td", { class: "num" }, cancel),
    );
    fill(row, order);
    return row;
  }

  // Events show the result.
  async #try(call) {
    let text = "";
    try {
      await call();
    } catch (error) {
      text = error.message;
    }
    write(field(this.#section, "error"), text);
  }

  #count() {
    write(field(this.#section, "count"), String(this.#list.size));
    const all = this.#section.querySelector("[data-act=cancel-all]");
    if (this.#list.size === 0 && document.activeElement === all) this.#section.querySelector("h3").focus();
    all.hidden = this.#list.size === 0;
  }
}

function fill(row, order) {
  write(field(row, "left"), order.remaining_volume ?? volumeOf(order));
}
