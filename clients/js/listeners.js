import { report } from "./report.js";

const names = ["order", "trade", "resync", "gap", "state", "error"];

/** The functions that listen for events, by the event's name. */
export class Listeners {
  #of = new Map(names.map((name) => [name, new Set()]));
  #closed = false;

  /** Adds a listener, and returns what removes it. */
  on(name, listener) {
    const all = this.#of.get(name);
    if (!all) throw new TypeError(`on: there is no event ${JSON.stringify(name)}; there are ${names.join(", ")}`);
    if (typeof listener !== "function") throw new TypeError(`on: the listener of ${name} has to be a function`);
    const entry = { listener }; // the same function may be added twice
    all.add(entry);
    return () => void all.delete(entry);
  }

  /**
   * Calls the listeners in turn, and returns what they returned, and whether one
   * threw, which harms nobody but itself. What is last ends also what is being
   * emitted: nobody is called for anything else any more.
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

  /** Emits an error, which does not get lost where nobody listens. */
  fail(error) {
    if (this.#closed) return;
    if (this.#of.get("error").size === 0) report(error);
    else this.emit("error", error);
  }
}
