const pause = 10_000; // ms between tries
const most = 3; // tries; the server closes after five refusals

/**
 * Renews the token of a socket when the server announces its expiry. If that fails, the server
 * closes the socket when the token expires.
 */
export class Renewal {
  #renew;
  #timer;
  #tries = 0;
  #sentAt = 0;
  #pending = false;
  #stopped = false;

  /** renew requests a new token and sends it; it rejects if there is none. */
  constructor(renew) {
    this.#renew = renew;
  }

  /** Records that a token was sent. */
  sent() {
    this.#sentAt = Date.now();
  }

  /** Renews the token, which has a number of seconds left: at once, or after half of them if the token's whole life is no longer. */
  due(seconds) {
    if (!(seconds > 0)) return;
    const left = seconds * 1_000;
    this.#tries = 0;
    this.#try(Date.now() - this.#sentAt < left ? left / 2 : 0);
  }

  /** Handles the server's answer. Returns false if it answers another message. */
  answered(accepted) {
    const was = this.#pending;
    this.#pending = false;
    if (was && !accepted) this.#again();
    return was;
  }

  /** Stops for good: a pending request for a token is not repeated. */
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
