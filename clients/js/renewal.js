const pause = 10_000; // ms between tries
const most = 3; // tries; the server closes after five refusals

/**
 * Renews the token of a socket when the server says that it ends. Where that
 * does not succeed, the server closes the socket at the token's end.
 */
export class Renewal {
  #renew;
  #timer;
  #tries = 0;
  #sentAt = 0;
  #pending = false;
  #stopped = false;

  /** renew asks for a new token and sends it; it rejects where there is none. */
  constructor(renew) {
    this.#renew = renew;
  }

  /** Notes that a token has been sent. */
  sent() {
    this.#sentAt = Date.now();
  }

  /** So many seconds are left. A token that lives no longer than that is renewed at half of it, else at once. */
  due(seconds) {
    if (!(seconds > 0)) return;
    const left = seconds * 1_000;
    this.#tries = 0;
    this.#try(Date.now() - this.#sentAt < left ? left / 2 : 0);
  }

  /** Takes the server's answer; false says that it was to something else. */
  answered(good) {
    const was = this.#pending;
    this.#pending = false;
    if (was && !good) this.#again();
    return was;
  }

  /** For good: a token that is being asked for is not asked for again. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#pending = false;
  }

  #try(ms) {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      this.#tries++;
      try {
        await this.#renew();
        this.#pending = true;
      } catch {
        this.#again();
      }
    }, ms);
  }

  #again() {
    if (this.#tries < most) this.#try(pause);
  }
}
