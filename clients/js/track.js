/**
 * Returns the stream offset in a position, -1 for the position of an empty stream, or undefined
 * if the text is not a position.
 */
export function numberOf(position) {
  if (position === "0.00000000") return -1; // position of an empty stream
  const digits = typeof position === "string" && /^(\d{1,16})\.[0-9a-f]{8}$/.exec(position)?.[1];
  return digits && Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;
}

/**
 * Tracks how far a client has read the stream. Offsets grow, except after a restart, so an event
 * at or before the latest position is known already. The previous event that the server names
 * shows whether the client has received all events.
 */
export class Track {
  #position;
  #number = -1; // number of the latest position
  #last; // number of this user's latest event; undefined: none since #from
  #from = -1; // start of the track: earlier events need not have been seen

  /** Position to resume from; undefined if unknown. */
  get position() {
    return this.#position;
  }

  /** Restarts at a position, or without one. */
  begin(position) {
    this.#position = position;
    this.#number = this.#from = position === undefined ? -1 : numberOf(position);
    this.#last = undefined;
  }

  /** Adds an event. known: it was received before; missed: an earlier event is missing. */
  event(position, prev) {
    const number = numberOf(position);
    if (number <= this.#number) return { known: true, missed: false };
    const missed = this.#misses(prev);
    this.#position = position;
    this.#number = this.#last = number;
    return { known: false, missed };
  }

  /** Adds a heartbeat's position and latest event; returns whether an event is missing. */
  heartbeat(position, last) {
    const missed = this.#misses(last);
    if (last !== undefined) this.#last = last;
    this.moved(position);
    return missed;
  }

  /** Adds the position of a message that is not an event. */
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
