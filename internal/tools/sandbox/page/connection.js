import { field, write } from "./dom.js";
import { duration, median, seconds } from "./format.js";

const maxLatencies = 50; // number of latencies for the median
const cutFor = 5_000;

/** The connection of a panel: state, position, latency, number of events. */
export class Connection {
  #root;
  #line;
  #cut;
  #state = { state: "connecting" };
  #until = 0; // end of the pause before the next connect
  #begun = false;
  #timer;
  #latencies = [];
  #events = 0;
  #replayed = 0;

  constructor(root, line) {
    this.#root = root;
    this.#line = line;
    this.#cut = root.querySelector("[data-act=cut]");
    this.#cut.addEventListener("click", () => {
      if (root.dataset.state !== "live") return;
      line.cut(cutFor);
      this.#show();
    });
    this.#show();
  }

  /** Shows a state of the client; begun: there is a position to resume from. */
  state(state, begun) {
    this.#state = state;
    this.#begun = begun;
    this.#until = Date.now() + (state.ms ?? 0);
    this.#show();
  }

  /** Counts an event; latency in ms, or undefined if it does not describe the connection. */
  event({ replay }, latency) {
    this.#events++;
    if (replay) this.#replayed++;
    if (latency !== undefined) this.#latencies = [...this.#latencies, latency].slice(-maxLatencies);
    this.#write("events", String(this.#events));
    this.#write("replayed", this.#replayed > 0 ? `${this.#replayed} replayed` : "");
    if (latency !== undefined) this.#write("latency", duration(latency));
    if (this.#latencies.length > 0) this.#write("median", duration(median(this.#latencies)));
  }

  position(position) {
    this.#write("position", position);
  }

  close() {
    clearInterval(this.#timer);
  }

  // Only the state is announced to screen readers; the countdown is silent.
  #show() {
    const { name, words, left } = this.#now();
    this.#root.dataset.state = name;
    this.#write("state", words);
    this.#write("countdown", left === undefined ? "" : ` ${seconds(left)}`);
    this.#cut.setAttribute("aria-disabled", name !== "live"); // the attribute disabled would remove the focus
    clearInterval(this.#timer);
    if (left !== undefined) this.#timer = setInterval(() => this.#show(), 200);
  }

  #now() {
    const cut = this.#line.cutFor;
    const { state, reason } = this.#state;
    if (state === "closed") return { name: "closed", words: `closed: ${reason}` };
    if (cut > 0) return { name: "cut", words: "cut, for", left: cut };
    if (state === "waiting") return { name: "waiting", words: "waiting", left: Math.max(0, this.#until - Date.now()) };
    if (state === "open") return { name: "live", words: "live" };
    return this.#begun ? { name: "resuming", words: "resuming" } : { name: "connecting", words: "connecting" };
  }

  #write(name, text) {
    write(field(this.#root, name), text);
  }
}
