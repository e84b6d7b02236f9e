/**
 * Storage in the browser. If the browser refuses, for example because site data is
 * blocked, values are kept in memory.
 */
class Kept {
  #name;
  #memory = new Map();

  /** name is "sessionStorage" or "localStorage"; accessing it may be refused. */
  constructor(name) {
    this.#name = name;
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
      return use(window[this.#name]);
    } catch {
      return undefined;
    }
  }
}

/** Survives a reload of the tab. */
export const session = new Kept("sessionStorage");

/** Shared by all tabs. */
export const local = new Kept("localStorage");
