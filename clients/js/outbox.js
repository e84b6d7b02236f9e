import { Debt } from "./debt.js";

const patience = 30_000; // longest time for the listeners of resync, in ms
const most = 10_000; // events held back meanwhile

/**
 * Gives what has come to the listeners, in order. Listeners of resync that return
 * a promise hold back what follows until it settles: so what they fetched is
 * there before the events that change it. Where that fails, events go on, but the
 * position stays until a resync has succeeded: a page that is loaded anew is told.
 */
export class Outbox {
  #listeners;
  #store;
  #debt;
  #position;
  #passed; // position of the events delivered while a resync is pending
  #queue = [];
  #held; // { value, position, threw, timer } of the resync in progress
  #closed = false;

  constructor(listeners, store, retry) {
    this.#listeners = listeners;
    this.#store = store;
    this.#debt = new Debt(retry, (value) => this.put("resync", value));
  }

  /** That of the latest thing that all listeners have had, and dealt with. */
  get position() {
    return this.#position;
  }

  /** Adds an event. Without a name it is a position alone, which is past all before. */
  put(name, value, position) {
    if (this.#closed) return;
    this.#queue.push({ name, value, position });
    if (this.#held && this.#queue.length >= most) this.#release([new Error(`listeners of resync are not done, and ${most} events wait`)]);
    else this.#flush();
  }

  /** Drops what waits. Afterwards nothing is given to anybody. */
  close() {
    this.#closed = true;
    this.#queue = [];
    this.#debt.stop();
    clearTimeout(this.#held?.timer);
  }

  #flush() {
    while (this.#queue.length > 0 && !this.#held) {
      const { name, value, position } = this.#queue.shift();
      if (name === "resync") this.#resync(value, position);
      else {
        if (name) this.#listeners.emit(name, value);
        this.#had(position);
      }
    }
  }

  #resync(asked, position) {
    const value = this.#debt.join(asked);
    const { results, threw } = this.#listeners.emit("resync", value);
    if (this.#closed) return;
    const held = (this.#held = { value, position, threw });
    const waits = results.filter((result) => typeof result?.then === "function");
    if (waits.length === 0) return this.#settle([]);
    held.timer = setTimeout(() => this.#release([new Error(`listeners of resync took more than ${patience} ms`)]), patience);
    Promise.allSettled(waits).then((all) => {
      if (this.#held === held) this.#release(all.filter(({ status }) => status === "rejected").map(({ reason }) => reason));
    });
  }

  // Ends the wait and continues; causes are the errors of failed listeners.
  #release(causes) {
    this.#settle(causes);
    this.#flush();
  }

  #settle(causes) {
    const { value, position, threw, timer } = this.#held;
    clearTimeout(timer);
    for (const cause of causes) this.#listeners.fail(new Error("a listener of resync failed: what it fetches may be out of date", { cause }));
    if (this.#closed) return; // a listener called close
    this.#held = undefined;
    if (threw || causes.length > 0) {
      this.#debt.owe(value);
      this.#had(position);
      return;
    }
    this.#debt.paid();
    this.#had(position ?? this.#passed);
    this.#passed = undefined;
  }

  #had(position) {
    if (position === undefined || this.#closed) return;
    if (this.#debt.any) {
      this.#passed = position;
      return;
    }
    this.#position = position;
    this.#store.save(position);
  }
}
