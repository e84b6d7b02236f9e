/**
 * What the page keeps in the browser. Where that refuses, as it does when site data
 * is blocked, the page remembers it for as long as it lives.
 */
class Kept {
  #where;
  #memory = new Map();

  /** where is "sessionStorage" or "localStorage"; to name it is what may be refused. */
  constructor(where) {
    this.#where = where;
  }

  /** The text under a key, null if there is none. */
  get(key) {
    return this.#memory.get(key) ?? this.#try((storage) => storage.getItem(key)) ?? null;
  }

  set(key, text) {
    this.#memory.set(key, text);
    this.#try((storage) => storage.setItem(key, text));
  }

  remove(key) {
    this.#memory.delete(key);
    this.#try((storage) => storage.removeItem(key));
  }

  #try(use) {
    try {
      return use(window[this.#where]);
    } catch {
      return undefined;
    }
  }
}

/** Kept over a reload of the tab. */
export const session = new Kept("sessionStorage");

/** Kept for all tabs. */
export const local = new Kept("localStorage");
