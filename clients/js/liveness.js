const tick = 10_000; // ms between two checks
const quietTicks = 2; // checks without a message before a ping
const patience = 5_000; // ms for the server to answer

/**
 * Tells when a socket is dead that nobody has closed. A server that is silent for
 * 20 to 30 s is sent a ping, which it answers also where it has no heartbeats to
 * send: to sockets that do not resume, and while its stream is empty. A browser
 * shows a page neither the frames of pings nor that it has slept.
 */
export class Liveness {
  #ping;
  #dead;
  #timer;
  #answer;
  #heard = true;
  #quiet = 0;
  #lookedAt = 0;

  constructor(ping, dead) {
    this.#ping = ping;
    this.#dead = dead;
  }

  start() {
    this.#lookedAt = Date.now();
    this.#timer = setInterval(() => this.#look(), tick);
  }

  stop() {
    clearInterval(this.#timer);
    this.heard();
  }

  /** Notes that something has come. */
  heard() {
    this.#heard = true;
    clearTimeout(this.#answer);
    this.#answer = undefined;
  }

  /** Asks the server now whether it is there. */
  check() {
    if (this.#answer !== undefined) return;
    this.#answer = setTimeout(this.#dead, patience);
    this.#ping();
  }

  #look() {
    const now = Date.now();
    const slept = now - this.#lookedAt > 2 * tick;
    this.#lookedAt = now;
    this.#quiet = this.#heard ? 0 : this.#quiet + 1;
    this.#heard = false;
    if (slept || this.#quiet >= quietTicks) this.check();
  }
}
