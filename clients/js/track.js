/**
 * The event's number in the stream that a position begins with, -1 before the
 * first, or undefined where the text is no position.
 */
export function numberOf(position) {
  if (position === "0.00000000") return -1; // position of an empty stream
  const digits = typeof position === "string" && /^(\d{1,16})\.[0-9a-f]{8}$/.exec(position)?.[1];
  return digits && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;
}

/**
 * How far a client has come in the stream. Numbers grow, but for a new
 * beginning, so what is not past the latest position was had before; and what the
 * server says came before an event proves whether the client has had all.
 */
export class Track {
  #position;
  #number = -1; // number of the latest position
  #last; // number of this user's latest event; undefined: none since #from
  #from = -1; // start of the track: earlier events need not have been seen

  /** What to resume from; undefined: nothing is known yet. */
  get position() {
    return this.#position;
  }

  /** Begins anew behind a position, or knows none. */
  begin(position) {
    this.#position = position;
    this.#number = this.#from = position === undefined ? -1 : numberOf(position);
    this.#last = undefined;
  }

  /** Takes an event: had says that it came before, missed that one did not come. */
  event(position, prev) {
    const number = numberOf(position);
    if (number <= this.#number) return { had: true, missed: false };
    const missed = this.#misses(prev);
    this.#position = position;
    this.#number = this.#last = number;
    return { had: false, missed };
  }

  /** Takes how far the server has come, and which event was the latest; returns whether one was missed. */
  heartbeat(position, last) {
    const missed = this.#misses(last);
    if (last !== undefined) this.#last = last;
    this.moved(position);
    return missed;
  }

  /** Takes a position that is no event's. */
  moved(position) {
    const number = numberOf(position);
    if (number < this.#number) return;
    this.#position = position;
    this.#number = number;
  }

  // If it is absent, the previous event has left the server's window.
  #misses(before) {
    if (before === undefined) return false;
    return this.#last === undefined ? before > this.#from : before !== this.#last;
  }
}
