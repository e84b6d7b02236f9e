import { el, field, write } from "./dom.js";

const fields = ["market", "volume", "price"];
const volumes = { btc: "0.01", eth: "0.2" };

/** The form of a new order. An error of the API is shown at the field that it names. */
export class OrderForm {
  #form;
  #account;
  #quotes;
  #own = false; // the user entered the price

  constructor(form, { account, quotes, side, name }) {
    this.#form = form;
    this.#account = account;
    this.#quotes = quotes;
    this.#name(name);
    form.elements.market.append(...quotes.markets.map((market) => el("option", { value: market.id }, market.name)));
    form.elements.side.value = side;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#place();
    });
    form.addEventListener("change", ({ target }) => {
      if (target.type !== "text") this.#turn(target.name === "market");
    });
    form.elements.price.addEventListener("input", () => (this.#own = true));
    form.addEventListener("input", ({ target }) => this.#tell(target.name, ""));
    for (const button of form.querySelectorAll("[data-quick]")) {
      button.addEventListener("click", () => {
        form.elements.price.value = this.#best(`${button.dataset.quick}s`);
        this.#own = true;
        this.#tell("price", "");
      });
    }
    this.market(quotes.shown);
  }

  /** Chooses a market. */
  market(id) {
    this.#form.elements.market.value = id;
    this.#turn(true);
  }

  /** Enters the best price of the same side, unless the user has entered one. */
  suggest() {
    const { side, price } = this.#form.elements;
    if (this.#own || document.activeElement === price) return;
    price.value = this.#best(side.value === "buy" ? "bids" : "asks");
  }

  // Ids of the descriptions of fields, different from those of the other panel.
  #name(user) {
    for (const name of fields) {
      this.#error(name).id = `${user}-${name}-error`;
      this.#form.elements[name].setAttribute("aria-describedby", `${user}-${name}-error`);
    }
  }

  #turn(otherMarket) {
    const { market, side, ord_type, volume, price } = this.#form.elements;
    const { base, quote } = this.#quotes.markets.find(({ id }) => id === market.value);
    const limit = ord_type.value === "limit";
    write(field(this.#form, "base"), base);
    write(field(this.#form, "quote"), quote);
    write(this.#form.querySelector(".submit"), `${side.value === "buy" ? "Buy" : "Sell"} ${base.toUpperCase()}`);
    this.#form.dataset.side = side.value;
    price.disabled = !limit;
    for (const button of this.#form.querySelectorAll("[data-quick]")) button.disabled = !limit;
    if (otherMarket) volume.value = volumes[base] ?? "1";
    this.#own = false;
    this.#clear();
    this.suggest();
  }

  async #place() {
    const { market, side, ord_type, volume, price } = this.#form.elements;
    const order = { market: market.value, side: side.value, ord_type: ord_type.value, volume: volume.value.trim() };
    if (ord_type.value === "limit") order.price = price.value.trim();
    const submit = this.#form.querySelector(".submit");
    if (submit.ariaBusy === "true") return;
    submit.ariaBusy = "true";
    this.#clear();
    try {
      const { id } = await this.#account.call("POST", "/api/v2/orders", order);
      this.#own = false;
      this.suggest();
      this.#say(`Order ${id} is placed.`);
    } catch (error) {
      this.#refused(error);
    } finally {
      submit.ariaBusy = "false";
    }
  }

  #refused(error) {
    const about = error.about?.(fields) ?? new Map();
    for (const [name, text] of about) this.#tell(name, text);
    const [first] = about.keys();
    if (first) this.#form.elements[first].focus();
    else this.#say(error.message, true);
  }

  #tell(name, text) {
    if (!fields.includes(name)) return;
    write(this.#error(name), text);
    if (text) this.#form.elements[name].setAttribute("aria-invalid", "true");
    else this.#form.elements[name].removeAttribute("aria-invalid");
  }

  #clear() {
    for (const name of fields) this.#tell(name, "");
    this.#say("");
  }

  #say(text, bad = false) {
    const outcome = field(this.#form, "outcome");
    outcome.classList.toggle("error", bad);
    write(outcome, text);
  }

  #error(name) {
    return this.#form.querySelector(`[data-error="${name}"]`);
  }

  #best(side) {
    return this.#quotes.best(this.#form.elements.market.value, side) ?? "";
  }
}
