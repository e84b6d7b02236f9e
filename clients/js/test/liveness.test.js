import assert from "node:assert/strict";
import { test } from "node:test";

import { resumed, World } from "./world.js";

const pings = (socket) => socket.sent.filter((text) => text === "ping").length;

test("a silent server is pinged, and given up if it does not answer", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.answers = false;
  await w.clock.pass(29_999);
  assert.equal(pings(socket), 0);
  await w.clock.pass(1);
  assert.equal(pings(socket), 1);
  await w.clock.pass(4_999);
  assert.equal(w.ranger.state, "open");
  await w.clock.pass(1);
  assert.equal(socket.closed, 1000);
  assert.deepEqual(w.states.at(-1), { state: "waiting", ms: 500, code: undefined, reason: "the server is silent" });
  socket.order(42); // what comes now is the next socket's to tell
  await w.clock.pass(500);
  await w.open(resumed);
  assert.deepEqual(w.brief(), ["start"]);
});

test("a server that answers is kept", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  await w.clock.pass(3_600_000);
  assert.ok(pings(socket) > 100);
  assert.equal(w.sockets.length, 1);
});

test("any message is a sign of life", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.answers = false;
  for (let number = 42; number < 100; number++) {
    await w.clock.pass(15_000);
    socket.heartbeat(number);
  }
  assert.equal(pings(socket), 0);
  await w.clock.pass(32_000);
  assert.equal(pings(socket), 1);
  socket.order(100);
  await w.clock.pass(10_000);
  assert.equal(w.sockets.length, 1);
});

test("after a sleep the server is pinged at once", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.answers = false;
  await w.clock.pass(1_000);
  socket.heartbeat(42);
  await w.clock.sleep(3_600_000);
  assert.equal(pings(socket), 1);
  await w.clock.pass(5_500);
  assert.equal(w.sockets.length, 2);
});

// The parts of a page that the client uses, with a world, until the end of the test.
function visit(t, options) {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const target = new EventTarget();
  let listeners = 0;
  for (const each of [document, target]) {
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    each.addEventListener = (...args) => (listeners++, addEventListener.apply(each, args));
    each.removeEventListener = (...args) => (listeners--, removeEventListener.apply(each, args));
  }
  const { addEventListener, removeEventListener } = target;
  const globals = { document, addEventListener, removeEventListener };
  Object.assign(globalThis, globals);
  const w = new World(t, options);
  t.after(() => Object.keys(globals).forEach((name) => delete globalThis[name])); // after the client's end
  return {
    w,
    tell: (name) => (name === "visibilitychange" ? document : target).dispatchEvent(new Event(name)),
    document,
    get listeners() {
      return listeners;
    },
  };
}

for (const hint of ["online", "offline", "visibilitychange"]) {
  test(`${hint}: the server is pinged at once`, async (t) => {
    const browser = visit(t);
    const { w } = browser;
    browser.tell(hint); // before there is a socket
    await w.clock.pass();
    browser.tell(hint); // before it is open
    const socket = await w.open();
    socket.answers = false;
    browser.tell(hint);
    browser.tell(hint);
    assert.equal(pings(socket), 1);
    await w.clock.pass(5_500);
    assert.equal(w.sockets.length, 2);
  });

  if (hint === "offline") continue;
  test(`${hint}: a pause after a network failure ends, another does not`, async (t) => {
    const browser = visit(t);
    const { w } = browser;
    await w.open();
    w.socket.end(1006);
    await w.clock.pass();
    browser.tell(hint);
    await w.clock.pass();
    assert.equal(w.sockets.length, 2);
    w.socket.end(4101);
    await w.clock.pass();
    browser.tell(hint);
    await w.clock.pass();
    assert.equal(w.sockets.length, 2);
  });
}

test("hints cause no loop of connects, and end no pause without a network", async (t) => {
  const browser = visit(t, { retry: { min: 4_000, max: 60_000 } });
  const { w } = browser;
  w.clock.random = 0.9;
  await w.open();
  w.socket.end(1006);
  await w.clock.pass();
  for (let i = 0; i < 50; i++) {
    browser.tell("offline");
    await w.clock.pass();
  }
  assert.equal(w.sockets.length, 1);
  for (let i = 0; i < 50; i++) {
    browser.tell("online");
    await w.clock.pass();
    if (w.socket.onclose) w.socket.end(1006);
    await w.clock.pass();
  }
  assert.equal(w.sockets.length, 2);
  await w.clock.pass(3_999);
  assert.equal(w.sockets.length, 2);
  await w.clock.pass(1); // no hint is forgotten: else the wait is of 7.2 s
  assert.equal(w.sockets.length, 3);
});

test("a page that becomes hidden sends nothing", async (t) => {
  const browser = visit(t);
  const { w } = browser;
  const socket = await w.open();
  browser.document.visibilityState = "hidden";
  browser.tell("visibilitychange");
  assert.equal(pings(socket), 0);
});

test("close() removes the page's listeners", async (t) => {
  const browser = visit(t);
  const { w } = browser;
  await w.open();
  assert.equal(browser.listeners, 3);
  w.ranger.close();
  assert.equal(browser.listeners, 0);
  browser.tell("online");
});
