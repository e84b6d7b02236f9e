import { parse } from "./numbers.js";
import { numberOf, Track } from "./track.js";

const names = { __proto__: null, orderbook: "order", trade: "trade" };

/** Turns the messages of one socket after another into events for the listeners, each once. */
export class Feed {
  #terms;
  #parse;
  #outbox;
  #fail;
  #track = new Track();
  #requested; // position from which the socket resumes
  #started = false;

  constructor(settings, outbox, fail) {
    this.#terms = settings.terms;
    this.#parse = settings.parse ?? parse;
    this.#outbox = outbox;
    this.#fail = fail;
  }

  /** Begins with a stored position, if it is valid. */
  restore(position) {
    if (numberOf(position) !== undefined) this.#track.begin(position);
    else if (position !== undefined && position !== null) this.#fail(new TypeError("storage.load() must return a value passed to storage.save(), or nothing"));
  }

  /** Returns what is sent with a socket's first token. */
  hello() {
    this.#requested = this.#track.position;
    return this.#terms.resume ? { ...this.#terms, resume: this.#requested ?? true } : { ...this.#terms, resume: undefined };
  }

  /** Handles the success line of a socket. */
  open({ position, resumed }) {
    const first = !this.#started;
    this.#started = true;
    if (resumed === true && this.#requested !== undefined) return;
    const at = numberOf(position) === undefined ? undefined : position; // there is none without resume
    this.#track.begin(at);
    const reason = this.#requested !== undefined && resumed === false ? "lost" : first ? "start" : "reconnect";
    this.#outbox.put("resync", { reason }, at);
  }

  /** Handles a later message. Unknown messages are ignored. */
  message({ kind, body, message, text }) {
    if (kind in names) this.#event(kind, message, text);
    else if (kind === "heartbeat" && this.#hasPosition(kind, body)) this.#heartbeat(body);
    else if (kind === "gap" && this.#hasPosition(kind, body)) this.#gap(body);
  }

  #event(kind, message, text) {
    const { position, prev, at, replay = false } = message;
    const event = { text, position, at, replay };
    if (this.#track.position !== undefined && !this.#hasPosition(kind, message)) return;
    try {
      event.data = this.#parse(text)[kind];
    } catch (cause) {
      this.#fail(new Error("parse() failed: an event is lost", { cause }));
      return;
    }
    if (this.#track.position !== undefined) {
      const { known, missed } = this.#track.event(position, prev);
      if (known) return;
      if (missed) this.#outbox.put("resync", { reason: "missed" });
    }
    this.#outbox.put(names[kind], event, position);
  }

  #heartbeat({ position, last }) {
    if (this.#track.heartbeat(position, last)) this.#outbox.put("resync", { reason: "missed" }, position);
    else this.#outbox.put(undefined, undefined, this.#track.position);
  }

  #gap({ from, to, reason, position }) {
    if (reason === "stream") this.#track.begin(position); // numbers may restart
    else this.#track.moved(position);
    this.#outbox.put("gap", { from, to, reason });
    this.#outbox.put("resync", { reason: "gap", from, to }, position);
  }

  #hasPosition(kind, { position }) {
    if (numberOf(position) !== undefined) return true;
    this.#fail(new Error(`the server sent a ${kind} with the invalid position ${JSON.stringify(position)}`));
    return false;
  }
}
