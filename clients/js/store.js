/** Keeps positions in what the author gave, one at a time, the latest last. */
export class Store {
  #storage;
  #timeout;
  #fail;
  #saving = false;
  #next;
  #timer;

  /** timeout is the ms that each load and save may take. */
  constructor({ storage, timeout }, fail) {
    this.#storage = storage;
    this.#timeout = timeout;
    this.#fail = fail;
  }

  /** Resolves with what was saved last. Without a storage, or where that fails, with undefined. */
  async load() {
    try {
      return await this.#settled(this.#storage?.load());
    } catch (cause) {
      this.#fail(new Error("storage.load() failed: orders and trades of the time before are not replayed", { cause }));
      return undefined;
    }
  }

  /** Saves at once, or when what is being saved is; what came between need not be. */
  save(position) {
    if (!this.#storage) return;
    this.#next = position;
    if (!this.#saving) this.#run();
  }

  /** Waits no more for a promise that may never settle. */
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
        this.#fail(new Error("storage.save() failed: what follows may come again after a reload", { cause }));
      }
    }
    this.#saving = false;
  }

  // Settles as the promise does, or rejects if that takes too long. A value resolves at once.
  async #settled(promise) {
    if (typeof promise?.then !== "function") return promise;
    const late = new Promise((_, reject) => {
      this.#timer = setTimeout(() => reject(new Error(`it took more than ${this.#timeout} ms`)), this.#timeout);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(this.#timer);
    }
  }
}
