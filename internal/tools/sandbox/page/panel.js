import { Account } from "./account.js";
import { Balances } from "./balances.js";
import { Connection } from "./connection.js";
import { copy, field } from "./dom.js";
import { follow, positionKey } from "./feed.js";
import { OrderForm } from "./form.js";
import { Line } from "./line.js";
import { Log } from "./log.js";
import { Orders } from "./orders.js";
import { session } from "./storage.js";
import { Trades } from "./trades.js";

/** The panel of a logged-in user: name, connection, orders, events. */
export class Panel {
  element = copy("panel");
  form;

  /** side is the initial side of the order form. */
  constructor({ user, side, quotes, onLogout }) {
    const { element } = this;
    const name = user.name.toLowerCase();
    element.dataset.test = `panel-${name}`;
    element.setAttribute("aria-label", user.name);
    element.querySelector(".face").textContent = user.name[0];
    field(element, "name").textContent = user.name;
    field(element, "uid").textContent = user.uid;

    const account = new Account(user.email);
    const line = new Line();
    const part = (of) => element.querySelector(`.${of}`);
    this.form = new OrderForm(part("order"), { account, quotes, side, name });
    const parts = {
      balances: new Balances(field(element, "balances"), account),
      connection: new Connection(part("connection"), line),
      log: new Log(part("events")),
      orders: new Orders(part("orders"), account, quotes.markets),
      trades: new Trades(part("trades"), account, quotes.markets),
    };
    const key = positionKey(user);
    const ranger = follow({ account, line, key, base: (market) => quotes.base(market), parts });
    const unwatch = quotes.watch(() => this.form.suggest());
    element.querySelector("[data-act=logout]").addEventListener("click", () => {
      unwatch();
      ranger.close();
      parts.connection.close();
      parts.balances.close();
      session.remove(key);
      element.remove();
      onLogout();
    });
  }

  focus() {
    this.element.querySelector("h2").focus();
  }
}
