/** Saves positions in the author's storage, one at a time, the latest last. */
export class Store {
  #storage;
  #timeout;
  #fail;
  #saving = false;
  #next;
  #timer;

  /** timeout bounds each load and save, in ms. */
  constructor({ storage, timeout }, fail) {
    this.#storage = storage;
    this.#timeout = timeout;
    this.#fail = fail;
  }

  /** Resolves with the saved position, or undefined if there is none or loading fails. */
  async load() {
    try {
      return await this.#settled(this.#storage?.load());
    } catch (cause) {
      this.#fail(new Error("storage.load() failed: missed events are not replayed", { cause }));
      return undefined;
    }
  }

  /** Saves a position, at once or after the current save. Positions in between may be skipped. */
  save(position) {
    if (!this.#storage) return;
    this.#next = position;
    if (!this.#saving) this.#run();
  }

  /** Stops waiting for a promise that may never settle. */
  close() {
    clearTimeout(this.#timer);
  }

  async #run() {
    this.#saving = true;
    while (this.#next !== undefined) {
      const position = this.#next;
      this.#next = undefined;
      try {
        const saved = this.#storage.save(position);
        if (typeof saved?.then === "function") await this.#settled(saved);
      } catch (cause) {
        this.#fail(new Error("storage.save() failed: later events may come again after a reload", { cause }));
      }
    }
    this.#saving = false;
  }

  // Settles as the promise does, or rejects if that takes too long. A value resolves at once.
  async #settled(promise) {
    if (typeof promise?.then !== "function") return promise;
    const late = new Promise((_, reject) => {
      this.#timer = setTimeout(() => reject(new Error(`no result after ${this.#timeout} ms`)), this.#timeout);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(this.#timer);
    }
  }
}
