// A virtual clock that tests advance.

const real = { setImmediate };
const names = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];

export class Clock {
  now = 1_534_776_400_000;
  random = 0.5; // what Math.random gives
  #timers = new Map();
  #next = 1;
  #kept = { now: Date.now, random: Math.random, ...Object.fromEntries(names.map((name) => [name, globalThis[name]])) };

  /** Replaces the globals until the end of the test. */
  constructor(t) {
    globalThis.setTimeout = (fn, ms = 0) => this.#add(fn, ms);
    globalThis.setInterval = (fn, ms) => this.#add(fn, ms, ms);
    globalThis.clearTimeout = globalThis.clearInterval = (id) => void this.#timers.delete(id);
    Date.now = () => this.now;
    Math.random = () => this.random;
    t.after(() => {
      for (const name of names) globalThis[name] = this.#kept[name];
      Date.now = this.#kept.now;
      Math.random = this.#kept.random;
    });
  }

  /** Number of timers. */
  get timers() {
    return this.#timers.size;
  }

  /** Advances by ms and waits until nothing is left to do. */
  async pass(ms = 0) {
    const end = this.now + ms;
    for (;;) {
      await idle();
      const [id, timer] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (!timer || timer.at > end) break;
      this.now = Math.max(this.now, timer.at);
      if (timer.every) timer.at += timer.every;
      else this.#timers.delete(id);
      timer.fn();
    }
    this.now = end;
  }

  /** Advances by ms without running timers, as on a machine that sleeps. */
  async sleep(ms) {
    this.now += ms;
    for (const timer of this.#timers.values()) timer.at = Math.max(timer.at, this.now);
    await this.pass();
  }

  #add(fn, ms, every) {
    const id = this.#next++;
    this.#timers.set(id, { fn, at: this.now + ms, every });
    return id;
  }
}

/** Resolves when all promises that can settle have. */
export function idle() {
  return new Promise((resolve) => real.setImmediate(resolve));
}
