// The world of a test: a clock, sockets whose server is the test, and a client whose
// events are recorded.

import assert from "node:assert/strict";

import { connect } from "../index.js";
import { Clock, idle } from "./clock.js";

export const fresh = { message: "Authenticated.", position: "41.9f3c2a11" };
export const resumed = { message: "Authenticated.", resumed: true };
export const refused = { error: { message: "Authentication failed." } };

export class World {
  sockets = [];
  asked = []; // what the token function was told, each time
  log = []; // [name, value] of each event but state
  states = [];

  constructor(t, options = {}) {
    t.after(() => this.ranger.close()); // first
    this.clock = new Clock(t);
    const world = this;
    class WebSocket extends Socket {
      constructor(url) {
        super(url);
        world.sockets.push(this);
      }
    }
    const token = ({ fresh, signal }) => {
      this.asked.push(fresh);
      this.signal = signal;
      return `jwt${this.asked.length}`;
    };
    this.ranger = connect({ url: "ws://server/", token, WebSocket, ...options });
    for (const name of ["order", "trade", "resync", "gap"]) this.ranger.on(name, (value) => this.log.push([name, value]));
    this.ranger.on("error", (error) => this.log.push(["error", error.message]));
    this.ranger.on("state", (state) => this.states.push(state));
  }

  /** The newest socket. */
  get socket() {
    return this.sockets.at(-1);
  }

  /** Opens and authenticates the newest socket, which must be new. */
  async open(success = fresh) {
    await this.clock.pass();
    const { socket } = this;
    assert.equal(socket?.accepted, false, "there is no new socket");
    socket.accept();
    socket.say({ success });
    await idle();
    return socket;
  }

  /** Ends the newest socket and opens the next one. */
  async reopen(success = resumed) {
    const { length } = this.sockets;
    this.socket.end(1006);
    for (let i = 0; i < 60 && this.sockets.length === length; i++) await this.clock.pass(500);
    return this.open(success);
  }

  /** Returns the events recorded since the last call. */
  take() {
    return this.log.splice(0);
  }

  /** Returns the ids of orders and the reasons of resyncs since the last call. */
  brief() {
    return this.take().map(([name, value]) => value.data?.id ?? value.reason ?? `${name}: ${value}`);
  }

  /** Returns the states since the last call, without their details. */
  path() {
    return this.states.splice(0).map(({ state }) => state);
  }
}

class Socket {
  accepted = false;
  answers = true; // pings
  sent = [];
  closed; // code that the client closed with
  onopen = this.onmessage = this.onclose = this.onerror = null;

  constructor(url) {
    this.url = url;
  }

  send(text) {
    this.sent.push(text);
    if (text === "ping" && this.answers) queueMicrotask(() => this.say("pong"));
  }

  close(code) {
    this.closed ??= code;
  }

  accept() {
    this.accepted = true;
    this.onopen?.({});
    this.say({ challenge: "NIzXey-7HNi_xZMILO1S7ioE927_pVc0Pa0IMoyaYNpoAOl32ejVzw" });
  }

  /** Sends the client a message, an object or a text. */
  say(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  /** Sends the client an order whose offset equals its id. */
  order(number, prev, more) {
    this.say({ orderbook: { id: number }, position: at(number), prev, at: 1, ...more });
  }

  heartbeat(number, last) {
    this.say({ heartbeat: { last, position: at(number), at: 1 } });
  }

  end(code, reason = "") {
    if (code === 1006) this.onerror?.({});
    this.onclose?.({ code, reason });
  }

  /** Returns what the client sent except pings, parsed. */
  get said() {
    return this.sent.filter((text) => text !== "ping").map((text) => JSON.parse(text));
  }
}

/** Returns the position with that offset. */
export function at(number) {
  return `${number}.${(number + 1).toString(16).padStart(8, "0")}`;
}
