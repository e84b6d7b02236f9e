/** The wait for the next try, which news of the network may cut short: once in a floor of ms. */
export class Pause {
  #floor;
  #hasty = false; // whether being online or visible again ends this pause
  #hurriedAt = -Infinity;
  #until;
  #timer;
  #resolve;

  constructor(floor) {
    this.#floor = floor;
  }

  /** Resolves after ms, or sooner. */
  wait(ms, hasty) {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#hasty = hasty === true;
      this.#arm(Date.now() + ms);
    });
  }

  /** Ends the wait, if news of the network may: now, or when the floor is over since the last time. */
  hurry() {
    if (!this.#hasty) return;
    const at = Math.max(Date.now(), this.#hurriedAt + this.#floor);
    if (at >= this.#until) return;
    this.#hurriedAt = at;
    this.#arm(at);
  }

  /** Ends it in any case. */
  end() {
    clearTimeout(this.#timer);
    this.#hasty = false;
    this.#resolve?.();
  }

  #arm(at) {
    clearTimeout(this.#timer);
    this.#until = at;
    this.#timer = setTimeout(() => this.end(), at - Date.now());
  }
}
