import { report } from "./report.js";

const names = ["order", "trade", "resync", "gap", "state", "error"];

/** The listeners by name of the event. */
export class Listeners {
  #of = new Map(names.map((name) => [name, new Set()]));
  #closed = false;

  /** Adds a listener and returns a function that removes it. */
  on(name, listener) {
    const all = this.#of.get(name);
    if (!all) throw new TypeError(`on: there is no event ${JSON.stringify(name)}; there are ${names.join(", ")}`);
    if (typeof listener !== "function") throw new TypeError(`on: the listener of ${name} must be a function`);
    const entry = { listener }; // the same function may be added twice
    all.add(entry);
    return () => void all.delete(entry);
  }

  /**
   * Calls the listeners in turn. Returns their results, and whether one threw, which does not
   * affect the others. If last is set, no listener is called for any other event any more,
   * including events being emitted now.
   */
  emit(name, value, last = false) {
    const all = this.#of.get(name);
    const results = [];
    let threw = false;
    if (last) this.#closed = true;
    for (const entry of [...all]) {
      if (this.#closed && !last) break; // an earlier listener called close
      if (!all.has(entry)) continue; // an earlier listener removed it
      try {
        results.push(entry.listener(value));
      } catch (error) {
        threw = true;
        report(error);
      }
    }
    return { results, threw };
  }

  /** Emits an error, or reports it if there is no listener. */
  fail(error) {
    if (this.#closed) return;
    if (this.#of.get("error").size === 0) report(error);
    else this.emit("error", error);
  }
}
