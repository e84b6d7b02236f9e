import { Book } from "./book.js";
import { Chart } from "./chart.js";
import { el, field, write } from "./dom.js";

/** The public market: the selection, the last price, the chart and the book. onShow(id) is called with each choice. */
export function showMarket(quotes, { onShow, onError }) {
  const last = document.getElementById("last");
  const readout = document.getElementById("readout");
  const chart = new Chart(document.getElementById("chart"), (text) => write(readout, text));
  const book = new Book(document.getElementById("book"));

  const draw = () => {
    const { name, base, quote } = quotes.markets.find(({ id }) => id === quotes.shown);
    const [before, now] = quotes.trades.slice(-2);
    document.getElementById("chart").setAttribute("aria-label", `Prices of the last trades of ${name}`);
    write(field(last, "price"), (now ?? before)?.price ?? "–");
    write(field(last, "unit"), quote);
    last.dataset.trend = now && now.price !== before.price ? (Number(now.price) > Number(before.price) ? "up" : "down") : "";
    chart.draw(quotes.trades, base);
    book.draw(quotes.books.get(quotes.shown));
  };

  const choice = document.getElementById("markets");
  for (const { id, name } of quotes.markets) {
    const radio = el("input", { type: "radio", name: "shown", value: id, "data-test": `show-${id}` });
    radio.checked = id === quotes.shown;
    choice.append(el("label", {}, radio, el("span", {}, name)));
  }
  choice.addEventListener("change", ({ target }) => {
    quotes.show(target.value);
    onShow(target.value);
    draw();
  });
  quotes.watch((problem) => {
    onError(problem);
    if (!problem) draw();
  });
}
