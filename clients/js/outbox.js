import { ResyncRetry } from "./resyncretry.js";

const patience = 30_000; // longest time for the listeners of resync, in ms
const most = 10_000; // events held back meanwhile

/**
 * Passes events to the listeners, in order. Listeners of resync that return a promise hold back
 * later events until it settles, so that the data they fetched is in place before the events
 * that change it. If that fails, events continue, but the position does not change until a
 * resync has succeeded, so that a reloaded page resyncs.
 */
export class Outbox {
  #listeners;
  #store;
  #retry;
  #position;
  #passed; // position of the events delivered while a resync is pending
  #queue = [];
  #held; // { value, position, threw, timer } of the resync in progress
  #closed = false;

  constructor(listeners, store, retry) {
    this.#listeners = listeners;
    this.#store = store;
    this.#retry = new ResyncRetry(retry, (value) => this.put("resync", value));
  }

  /** Position of the latest event that all listeners have handled. */
  get position() {
    return this.#position;
  }

  /** Adds an event. Without a name it is only a position, which follows all earlier events. */
  put(name, value, position) {
    if (this.#closed) return;
    this.#queue.push({ name, value, position });
    if (this.#held && this.#queue.length >= most) this.#release([new Error(`listeners of resync have not finished, and ${most} events wait`)]);
    else this.#flush();
  }

  /** Drops all waiting events. No listener is called afterwards. */
  close() {
    this.#closed = true;
    this.#queue = [];
    this.#retry.stop();
    clearTimeout(this.#held?.timer);
  }

  #flush() {
    while (this.#queue.length > 0 && !this.#held) {
      const { name, value, position } = this.#queue.shift();
      if (name === "resync") this.#resync(value, position);
      else {
        if (name) this.#listeners.emit(name, value);
        this.#handled(position);
      }
    }
  }

  #resync(requested, position) {
    const value = this.#retry.join(requested);
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
    for (const cause of causes) this.#listeners.fail(new Error("a listener of resync failed: its data may be out of date", { cause }));
    if (this.#closed) return; // a listener called close
    this.#held = undefined;
    if (threw || causes.length > 0) {
      this.#retry.failed(value);
      this.#handled(position);
      return;
    }
    this.#retry.succeeded();
    this.#handled(position ?? this.#passed);
    this.#passed = undefined;
  }

  #handled(position) {
    if (position === undefined || this.#closed) return;
    if (this.#retry.pending) {
      this.#passed = position;
      return;
    }
    this.#position = position;
    this.#store.save(position);
  }
}
