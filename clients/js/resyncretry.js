import { backoff } from "./backoff.js";

/** Repeats a failed resync, after pauses that grow, until the listeners succeed. */
export class ResyncRetry {
  #retry;
  #emit;
  #failed;
  #failures = 0;
  #timer;

  /** emit(value) emits a resync; retry bounds the pauses. */
  constructor(retry, emit) {
    this.#retry = retry;
    this.#emit = emit;
  }

  /** Whether a failed resync must be repeated. */
  get pending() {
    return this.#failed !== undefined;
  }

  /** Returns the resync to emit instead of value, so that it also covers the failed one. */
  join(value) {
    clearTimeout(this.#timer);
    const failed = this.#failed ?? value;
    if (failed.reason !== "gap") return failed; // it covers everything
    if (value.reason !== "gap") return value;
    return { reason: "gap", from: Math.min(failed.from, value.from), to: Math.max(failed.to, value.to) };
  }

  /** Records that the resync failed and repeats it later. */
  failed(value) {
    this.#failed = value;
    this.#timer = setTimeout(() => this.#emit(value), backoff(this.#failures++, this.#retry));
  }

  /** Records that the resync succeeded. */
  succeeded() {
    this.#failed = undefined;
    this.#failures = 0;
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
