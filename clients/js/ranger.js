import { advice, after } from "./closes.js";
import { Feed } from "./feed.js";
import { Listeners } from "./listeners.js";
import { Outbox } from "./outbox.js";
import { Pause } from "./pause.js";
import { Session } from "./session.js";
import { settings } from "./settings.js";
import { Store } from "./store.js";
import { onWake } from "./wake.js";

const settled = 10_000; // ms for which a socket must be open to count as a success

/** Connects, and returns a client that reconnects until it is closed. */
export function connect(options) {
  return new Ranger(settings(options));
}

class Ranger {
  #settings;
  #listeners = new Listeners();
  #outbox;
  #store;
  #feed;
  #state = "connecting";
  #session;
  #pause;
  #removeHints;

  constructor(checked) {
    const fail = (error) => this.#fail(error);
    this.#settings = checked;
    this.#store = new Store(checked, fail);
    this.#outbox = new Outbox(this.#listeners, this.#store, checked.retry);
    this.#pause = new Pause(checked.retry.min);
    this.#feed = new Feed(checked, this.#outbox, fail);
    this.#removeHints = onWake((back) => this.#wake(back));
    queueMicrotask(() => this.#run()); // after the caller has added its listeners
  }

  get state() {
    return this.#state;
  }

  get position() {
    return this.#outbox.position;
  }

  on(name, listener) {
    return this.#listeners.on(name, listener);
  }

  close() {
    this.#stop({ reason: "close() was called" });
  }

  async #run() {
    if (this.#state === "closed") return;
    this.#become({ state: "connecting" });
    this.#feed.restore(await this.#store.load());
    for (let failures = 0, fresh = false; this.#state !== "closed"; ) {
      if (this.#state !== "connecting") this.#become({ state: "connecting" });
      const end = await this.#connect(fresh);
      if (this.#state === "closed") return;
      if (Date.now() - end.openedAt >= settled) failures = 0;
      const next = after(end, failures++, this.#settings.retry);
      this.#advise(end);
      if (this.#state === "closed") return; // a listener called close
      if (next.stop) return this.#stop(end);
      fresh = next.fresh || (fresh && end.openedAt === undefined); // until a session opens
      await this.#wait(next, end);
    }
  }

  async #connect(fresh) {
    if (this.#state === "closed") return {};
    this.#session = new Session(this.#settings, fresh, {
      hello: () => this.#feed.hello(),
      open: (success) => {
        this.#become({ state: "open" });
        this.#feed.open(success);
      },
      message: (message) => this.#feed.message(message),
      fail: (error) => this.#fail(error),
    });
    const end = await this.#session.run();
    this.#session = undefined;
    return end;
  }

  async #wait({ ms, hasty }, { code, reason }) {
    const waited = this.#pause.wait(ms, hasty);
    this.#become({ state: "waiting", ms: Math.round(ms), code, reason });
    await waited;
  }

  #wake(back) {
    this.#session?.check();
    if (back) this.#pause.hurry();
  }

  #advise({ code, reason }) {
    const text = advice(code);
    if (text) this.#fail(new Error(`the server closed with ${code} (${reason}): ${text}`));
  }

  #stop({ code, reason }) {
    if (this.#state === "closed") return;
    this.#state = "closed"; // before listeners are called
    this.#removeHints();
    this.#outbox.close();
    this.#store.close();
    this.#session?.end({ reason });
    this.#pause.end();
    this.#listeners.emit("state", { state: "closed", code, reason }, true);
  }

  #become(detail) {
    this.#state = detail.state;
    this.#listeners.emit("state", detail);
  }

  #fail(error) {
    if (this.#state !== "closed") this.#listeners.fail(error);
  }
}
