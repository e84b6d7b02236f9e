import assert from "node:assert/strict";
import { test } from "node:test";

import { World } from "./world.js";

// A server with one user, whose orders have versions. It follows docs/protocol.md;
// failures are random.
class Server {
  truth = new Map(); // order to version: what REST answers
  #events = []; // { number, position, body }, those in the window
  #number = 40;
  #stream = 1;
  #socket; // the one that is open, if it is
  #last; // number of the event that was sent before on it

  constructor(pick) {
    this.pick = pick;
  }

  get #position() {
    return place(this.#number, this.#stream);
  }

  /** Changes an order; lose: its event is lost in transit. */
  publish(lose) {
    const id = this.pick(5);
    this.truth.set(id, (this.truth.get(id) ?? 0) + 1);
    this.#number += 1 + this.pick(3);
    const event = { number: this.#number, position: this.#position, body: { id, version: this.truth.get(id) } };
    const prev = this.#events.at(-1)?.number;
    this.#events.push({ ...event, prev });
    if (this.#socket && !lose) this.#send({ ...event, prev });
  }

  heartbeat() {
    this.#number++; // of somebody else's
    this.#socket?.say({ heartbeat: { last: this.#events.at(-1)?.number, position: this.#position, at: 1 } });
  }

  /** Removes events from the window. */
  forget() {
    this.#events.splice(0, this.pick(this.#events.length + 1));
    this.oldest = this.#number;
  }

  /** Events are lost, and perhaps the stream with them. */
  gap() {
    this.truth.set(0, (this.truth.get(0) ?? 0) + 1);
    const anew = this.pick(2) === 0;
    if (anew) {
      this.#stream++;
      this.#number = this.pick(3);
      this.#events = [];
    } else this.#number++;
    this.oldest = this.#number;
    this.#socket?.say({ gap: { from: 1, to: 2, reason: anew ? "stream" : "exchange", position: this.#position } });
  }

  accept(socket) {
    socket.accept();
    const { resume } = socket.said[0];
    this.#socket = socket;
    const [number, check] = resume === true ? [] : resume.split(".");
    const holds = check === this.#position.split(".")[1] && Number(number) >= (this.oldest ?? 0) && Number(number) <= this.#number;
    if (!holds) return socket.say({ success: { message: "Authenticated.", position: this.#position, ...(resume !== true && { resumed: false }) } });
    socket.say({ success: { message: "Authenticated.", resumed: true } });
    const from = this.#events.findIndex((event) => event.number > Number(number));
    const missed = from < 0 ? [] : this.#events.slice(Math.max(0, from - this.pick(2))); // one too many, at times
    for (const event of missed) {
      if (this.pick(10) === 0) return this.cut();
      this.#send(event, true);
    }
    this.heartbeat();
  }

  cut() {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end([1006, 1012, 4100, 1001][this.pick(4)]);
  }

  #send({ position, prev, body }, replay) {
    this.#socket.say({ orderbook: body, position, prev, at: 1, replay });
  }
}

const place = (number, stream) => `${number}.${String(stream).padStart(8, "0")}`;

// The handlers of a page, which must show the true state.
function app(ranger, fetchOrders) {
  let orders = new Map();
  ranger.on("resync", async () => {
    orders = await fetchOrders();
  });
  ranger.on("order", ({ data }) => orders.set(Number(data.id), Number(data.version)));
  return () => orders;
}

const happened = new Map(); // over all seeds
const count = (what) => happened.set(what, (happened.get(what) ?? 0) + 1);

for (let seed = 1; seed <= 60; seed++) {
  test(`a page shows the true state, whatever happens (${seed})`, async (t) => {
    let random = seed * 7919;
    const pick = (n) => (random = (random * 48271) % 2147483647) % n;
    const w = new World(t);
    const server = new Server(pick);
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)); // by the test's clock
    const orders = app(w.ranger, async () => {
      await sleep(pick(800));
      if (pick(4) === 0) {
        count("failed");
        throw new Error("502");
      }
      const answer = new Map(server.truth);
      await sleep(pick(800));
      return answer;
    });
    const seen = [];
    w.ranger.on("order", ({ position, replay }) => {
      seen.push(position);
      count(replay ? "replay" : "live");
    });
    w.ranger.on("resync", ({ reason }) => count(reason));
    const settle = async () => {
      for (let i = 0; i < 100; i++) {
        await w.clock.pass(400);
        if (w.socket && !w.socket.accepted) server.accept(w.socket);
      }
    };
    const steps = [() => server.publish(), () => server.publish(), () => server.publish(pick(4) === 0), () => server.heartbeat(), () => pick(4) || server.cut(), () => pick(5) || server.gap(), () => pick(5) || server.forget()];
    for (let i = 0; i < 400; i++) {
      steps[pick(steps.length)]();
      if (pick(2)) await w.clock.pass(pick(600));
      if (w.socket && !w.socket.accepted) server.accept(w.socket);
    }
    await settle();
    server.heartbeat();
    await settle();
    assert.deepEqual([...orders()].sort(), [...server.truth].sort());
    assert.equal(new Set(seen).size, seen.length, "an event came twice");
    assert.deepEqual(w.take().filter(([name, value]) => name === "error" && !value.startsWith("a listener of resync failed")), []);
  });
}

test("all kinds of failure have happened", () => {
  assert.deepEqual([...happened.keys()].sort(), ["failed", "gap", "live", "lost", "missed", "replay", "start"]);
  for (const [what, times] of happened) assert.ok(times > 30, `${what}: ${times}`);
});
