import { backoff } from "./backoff.js";

/** A resync that listeners have not done: it is told again, after pauses that grow, until they have. */
export class Debt {
  #retry;
  #tell;
  #owed;
  #failures = 0;
  #timer;

  /** tell(value) tells a resync; retry bounds the pauses. */
  constructor(retry, tell) {
    this.#retry = retry;
    this.#tell = tell;
  }

  /** Whether there is one. */
  get any() {
    return this.#owed !== undefined;
  }

  /** Returns what to tell in place of a resync, so that it does for what is owed as well. */
  join(value) {
    clearTimeout(this.#timer);
    const owed = this.#owed ?? value;
    if (owed.reason !== "gap") return owed; // it covers everything
    if (value.reason !== "gap") return value;
    return { reason: "gap", from: Math.min(owed.from, value.from), to: Math.max(owed.to, value.to) };
  }

  /** Notes that what was told last has failed. */
  owe(value) {
    this.#owed = value;
    this.#timer = setTimeout(() => this.#tell(value), backoff(this.#failures++, this.#retry));
  }

  /** Notes that it has succeeded. */
  paid() {
    this.#owed = undefined;
    this.#failures = 0;
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
