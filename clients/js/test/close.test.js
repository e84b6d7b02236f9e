import assert from "node:assert/strict";
import { test } from "node:test";

import { refused, World } from "./world.js";

// How to reach each state in which close() may be called.
const states = {
  "before anything": () => {},
  "while the position is loaded": (w) => w.clock.pass(),
  "while the token is requested": (w) => w.clock.pass(),
  "while the socket opens": (w) => w.clock.pass(),
  "while the server verifies the token": async (w) => {
    await w.clock.pass();
    w.socket.accept();
  },
  "while a fresh token is requested": async (w) => {
    await w.clock.pass();
    w.socket.accept();
    w.socket.say(refused);
  },
  "while it is open": (w) => w.open(),
  "while an answer to a ping is due": async (w) => {
    (await w.open()).answers = false;
    await w.clock.pass(32_000);
  },
  "while a renewal is due": async (w) => (await w.open()).say({ token: { expires_in: 60 } }),
  "while a renewal's answer is due": async (w) => {
    (await w.open()).say({ token: { expires_in: 60 } });
    await w.clock.pass(30_000);
  },
  "while it waits": async (w) => {
    (await w.open()).end(1006);
    await w.clock.pass();
  },
  "after the server has": async (w) => {
    (await w.open()).end(4003);
    await w.clock.pass();
  },
};
for (const [name, arrive] of Object.entries(states)) {
  test(`close() ${name}`, async (t) => {
    const options = {};
    if (name.includes("loaded")) options.storage = { load: () => new Promise(() => {}), save() {} };
    if (name.includes("asked")) options.token = ({ fresh, signal }) => (fresh || !name.includes("fresh") ? new Promise((_, reject) => signal.addEventListener("abort", reject)) : "good");
    const w = new World(t, options);
    await arrive(w);
    const already = w.ranger.state === "closed";
    w.take();
    w.states = [];
    w.ranger.close();
    assert.equal(w.ranger.state, "closed");
    w.ranger.close();
    assert.deepEqual(w.states, already ? [] : [{ state: "closed", code: undefined, reason: "close() was called" }]);
    const { length } = w.sockets;
    if (w.socket && w.socket.onclose === null && !already && !name.includes("waits")) assert.equal(w.socket.closed, 1000);
    for (const socket of w.sockets) {
      assert.equal(socket.onmessage, null);
      socket.onerror({}); // as Node's ws does
      socket.order(42);
      socket.end(1000);
    }
    await w.clock.pass();
    assert.equal(w.clock.timers, 0);
    await w.clock.pass(3_600_000);
    assert.equal(w.sockets.length, length);
    assert.deepEqual(w.take(), []);
    assert.equal(w.states.length, already ? 0 : 1);
  });
}

// The token has arrived, but the socket is not created yet.
for (let steps = 0; steps < 20; steps++) {
  test(`close() ${steps} steps after the token has arrived`, async (t) => {
    let give;
    const w = new World(t, { token: () => new Promise((resolve) => (give = resolve)) });
    await w.clock.pass();
    give("good");
    for (let i = 0; i < steps; i++) await undefined;
    w.ranger.close();
    await w.clock.pass(60_000);
    for (const socket of w.sockets) assert.equal(socket.closed, 1000);
    assert.ok(w.sockets.length <= 1);
    assert.equal(w.clock.timers, 0);
  });
}

test("close() in a listener of a later try", async (t) => {
  const w = new World(t);
  (await w.open()).end(1006);
  await w.clock.pass();
  w.ranger.on("state", () => w.ranger.close());
  await w.clock.pass(60_000);
  assert.deepEqual(w.path(), ["connecting", "open", "waiting", "connecting", "closed"]);
  assert.equal(w.asked.length, 1);
  assert.equal(w.clock.timers, 0);
});

test("close() in a listener of error", async (t) => {
  for (const code of [1009, 4003]) {
    const w = new World(t);
    w.ranger.on("error", () => w.ranger.close());
    (await w.open()).end(code);
    await w.clock.pass();
    assert.deepEqual(w.path(), ["connecting", "open", "closed"]);
    assert.equal(w.clock.timers, 0);
  }
});

test("errors after close() are not emitted", async (t) => {
  let fail;
  const w = new World(t, { storage: { load() {}, save: () => new Promise((_, reject) => (fail = reject)) } });
  await w.open();
  w.take();
  w.ranger.close();
  fail(new Error("quota"));
  await w.clock.pass();
  assert.deepEqual(w.take(), []);
});

// Two listeners each, so that one can close before the other is called.
for (const when of ["connecting", "open", "waiting", "error", "gap", "resync", "order"]) {
  test(`after close() in a listener of ${when} listeners are called only with closed`, async (t) => {
    const w = new World(t);
    const heard = [];
    const [name, is] = when in { gap: 1, resync: 1, order: 1, error: 1 } ? [when, () => true] : ["state", ({ state }) => state === when];
    w.ranger.on(name, (value) => is(value) && w.ranger.close());
    for (const each of ["order", "resync", "gap", "error", "state"]) w.ranger.on(each, (value) => heard.push(value.state ?? each));
    await w.clock.pass();
    w.socket?.accept();
    w.socket?.say({ success: { message: "Authenticated.", position: "41.9f3c2a11" } });
    w.socket?.order(42);
    w.socket?.say({ gap: { from: 1, to: 2, reason: "exchange", position: "43.0000002c" } });
    w.socket?.end(1009);
    await w.clock.pass(1_000);
    assert.equal(w.ranger.state, "closed");
    const before = heard.slice(0, heard.indexOf("closed"));
    assert.deepEqual(heard.slice(before.length), ["closed"]);
    assert.ok(!before.includes(when), before.join());
  });
}

test("an event that not all listeners received before close() comes again after a reload", async (t) => {
  const saved = [];
  const w = new World(t, { storage: { load() {}, save: (position) => saved.push(position) } });
  w.ranger.on("order", () => w.ranger.close());
  (await w.open()).order(42);
  assert.deepEqual(saved, ["41.9f3c2a11"]);
});

for (const code of [4003, 4004, 4009]) {
  test(`events that wait for a resync when the server closes with ${code} are not emitted`, async (t) => {
    let done;
    const w = new World(t);
    w.ranger.on("resync", () => new Promise((resolve) => (done = resolve)));
    (await w.open()).order(42);
    w.socket.end(code);
    await w.clock.pass();
    assert.equal(w.ranger.state, "closed");
    assert.equal(w.clock.timers, 0);
    w.take();
    done();
    await w.clock.pass(60_000);
    assert.deepEqual(w.take(), []);
  });
}

for (const when of ["connecting", "open", "waiting", "closed", "resync", "order"]) {
  test(`close() in a listener of ${when}`, async (t) => {
    const w = new World(t);
    w.ranger.on("state", ({ state }) => state === when && w.ranger.close());
    w.ranger.on(when in { resync: 1, order: 1 } ? when : "error", () => w.ranger.close());
    await w.clock.pass();
    w.socket?.accept();
    w.socket?.say({ success: { message: "Authenticated.", position: "41.9f3c2a11" } });
    w.socket?.order(42);
    w.socket?.order(43);
    w.socket?.end(when === "closed" ? 4003 : 1006);
    await w.clock.pass(1_000);
    assert.equal(w.ranger.state, "closed");
    assert.equal(w.clock.timers, 0);
    assert.equal(w.states.filter(({ state }) => state === "closed").length, 1);
    const want = { connecting: [], open: [], resync: ["start"], order: ["start", "42"] }[when] ?? ["start", "42", "43"];
    assert.deepEqual(w.brief().filter((what) => !what.startsWith("error")), want);
  });
}
