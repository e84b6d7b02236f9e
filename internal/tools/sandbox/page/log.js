import { el } from "./dom.js";
import { duration, time } from "./format.js";
import { List } from "./list.js";

const maxLines = 200;

/** The events of a user's connection, latest first. */
export class Log {
  #list;
  #next = 0;

  constructor(section) {
    this.#list = new List(section, "ol", maxLines);
  }

  /** Adds a line. kind: order, trade, gap, resync, lost, live; latency in ms. */
  add({ kind, text, at = Date.now(), position, latency, replay }) {
    const row = el(
      "li",
      { "data-test": "log-row", "data-kind": kind },
      el("time", {}, time(at)),
      el("b", { class: "kind" }, kind),
      el("span", { class: "text", "data-test": "log-text" }, text, ...(replay ? [" ", el("mark", { "data-test": "replayed-mark" }, "replayed")] : [])),
      el("span", { class: "mono place", "data-test": "log-position" }, position ?? ""),
      el("span", { class: "late", "data-test": "log-latency" }, latency === undefined ? "" : duration(latency)),
    );
    if (replay) row.dataset.replay = "";
    this.#list.add(this.#next++, row);
  }
}
