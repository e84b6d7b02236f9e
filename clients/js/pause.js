/** The pause before the next connect. Hints of the network may end it, at most once per floor of ms. */
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

  /** Resolves after ms or earlier. */
  wait(ms, hasty) {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#hasty = hasty === true;
      this.#arm(Date.now() + ms);
    });
  }

  /** Ends the pause if it is hasty: now, or when the floor since the last time is over. */
  hurry() {
    if (!this.#hasty) return;
    const at = Math.max(Date.now(), this.#hurriedAt + this.#floor);
    if (at >= this.#until) return;
    this.#hurriedAt = at;
    this.#arm(at);
  }

  /** Ends the pause in any case. */
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
