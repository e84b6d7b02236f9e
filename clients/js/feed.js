import { parse } from "./numbers.js";
import { numberOf, Track } from "./track.js";

const names = { __proto__: null, orderbook: "order", trade: "trade" };

/** Makes of the messages of one socket after another what the listeners are told, each event once. */
export class Feed {
  #terms;
  #parse;
  #outbox;
  #fail;
  #track = new Track();
  #asked; // position from which the socket resumes
  #begun = false;

  constructor(settings, outbox, fail) {
    this.#terms = settings.terms;
    this.#parse = settings.parse ?? parse;
    this.#outbox = outbox;
    this.#fail = fail;
  }

  /** Begins with a position of earlier, if it is one. */
  restore(position) {
    if (numberOf(position) !== undefined) this.#track.begin(position);
    else if (position !== undefined && position !== null) this.#fail(new TypeError("storage.load() has to give what storage.save() got, or nothing"));
  }

  /** What goes with a socket's first token. */
  hello() {
    this.#asked = this.#track.position;
    return this.#terms.resume ? { ...this.#terms, resume: this.#asked ?? true } : { ...this.#terms, resume: undefined };
  }

  /** Takes the answer to that. */
  open({ position, resumed }) {
    const first = !this.#begun;
    this.#begun = true;
    if (resumed === true && this.#asked !== undefined) return;
    const at = numberOf(position) === undefined ? undefined : position; // there is none without resume
    this.#track.begin(at);
    const reason = this.#asked !== undefined && resumed === false ? "lost" : first ? "start" : "reconnect";
    this.#outbox.put("resync", { reason }, at);
  }

  /** Takes a message that came behind it. What it does not know it lets pass. */
  message({ kind, body, message, text }) {
    if (kind in names) this.#event(kind, message, text);
    else if (kind === "heartbeat" && this.#placed(kind, body)) this.#heartbeat(body);
    else if (kind === "gap" && this.#placed(kind, body)) this.#gap(body);
  }

  #event(kind, message, text) {
    const { position, prev, at, replay = false } = message;
    const event = { text, position, at, replay };
    if (this.#track.position !== undefined && !this.#placed(kind, message)) return;
    try {
      event.data = this.#parse(text)[kind];
    } catch (cause) {
      this.#fail(new Error("parse() failed: an event is lost", { cause }));
      return;
    }
    if (this.#track.position !== undefined) {
      const { had, missed } = this.#track.event(position, prev);
      if (had) return;
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

  #placed(kind, { position }) {
    if (numberOf(position) !== undefined) return true;
    this.#fail(new Error(`the server sent a ${kind} whose position is ${JSON.stringify(position)}`));
    return false;
  }
}
