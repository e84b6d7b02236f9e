const tick = 10_000; // ms between two checks
const quietTicks = 2; // checks without a message before a ping
const patience = 5_000; // ms for the server to answer

/**
 * Detects a dead socket that was not closed. After 20 to 30 s without a message it sends a
 * ping, which the server answers even if it sends no heartbeats: to sockets that do not resume
 * and while its stream is empty. Browsers do not report WebSocket pings, nor that they slept.
 */
export class Liveness {
  #ping;
  #dead;
  #timer;
  #answer;
  #heard = true;
  #quiet = 0;
  #checkedAt = 0;

  constructor(ping, dead) {
    this.#ping = ping;
    this.#dead = dead;
  }

  start() {
    this.#checkedAt = Date.now();
    this.#timer = setInterval(() => this.#tick(), tick);
  }

  stop() {
    clearInterval(this.#timer);
    this.heard();
  }

  /** Records that a message arrived. */
  heard() {
    this.#heard = true;
    clearTimeout(this.#answer);
    this.#answer = undefined;
  }

  /** Pings the server now. */
  check() {
    if (this.#answer !== undefined) return;
    this.#answer = setTimeout(this.#dead, patience);
    this.#ping();
  }

  #tick() {
    const now = Date.now();
    const slept = now - this.#checkedAt > 2 * tick;
    this.#checkedAt = now;
    this.#quiet = this.#heard ? 0 : this.#quiet + 1;
    this.#heard = false;
    if (slept || this.#quiet >= quietTicks) this.check();
  }
}
