import assert from "node:assert/strict";
import { test } from "node:test";

import { after } from "../closes.js";
import { backoff } from "../backoff.js";
import { resumed, World } from "./world.js";

// The reaction to each code: whether the client stops, after how many ms it reconnects
// with Math.random() at 0.5, and whether with a fresh token.
const table = [
  [1000, { ms: 500, fresh: false }],
  [1001, { ms: 2500, fresh: false }],
  [1002, { ms: 500, fresh: false, error: /changed in transit/ }],
  [1005, { ms: 500, fresh: false }],
  [1006, { ms: 500, fresh: false }],
  [1007, { ms: 500, fresh: false, error: /changed in transit/ }],
  [1009, { ms: 500, fresh: true, error: /longer.*new one/ }],
  [1011, { ms: 500, fresh: false }],
  [1012, { ms: 0, fresh: false }],
  [4001, { ms: 0, fresh: true }],
  [4002, { ms: 500, fresh: true }],
  [4003, { stop: true, error: /log/ }],
  [4004, { stop: true }],
  [4009, { stop: true, error: /another user/ }],
  [4042, { ms: 500, fresh: true }],
  [4100, { ms: 500, fresh: false }],
  [4101, { ms: 500, fresh: false }],
  [4102, { ms: 500, fresh: false }],
  [4999, { ms: 500, fresh: false }],
];
for (const [code, want] of table) {
  test(`close ${code}`, async (t) => {
    const w = new World(t);
    const socket = await w.open();
    w.states = [];
    w.take();
    socket.end(code, "because");
    await w.clock.pass();
    const errors = w.take();
    if (want.error) assert.match(errors[0][1], want.error);
    assert.equal(errors.length, want.error ? 1 : 0);
    if (want.stop) {
      assert.deepEqual(w.states, [{ state: "closed", code, reason: "because" }]);
      assert.equal(w.ranger.state, "closed");
      assert.equal(w.clock.timers, 0);
      await w.clock.pass(3_600_000);
      assert.equal(w.sockets.length, 1);
      return;
    }
    assert.deepEqual(w.states[0], { state: "waiting", ms: want.ms, code, reason: "because" });
    if (want.ms > 0) {
      await w.clock.pass(want.ms - 1);
      assert.equal(w.sockets.length, 1);
      await w.clock.pass(1);
    }
    assert.equal(w.sockets.length, 2);
    assert.deepEqual(w.asked, [false, want.fresh]);
  });
}

test("a fresh token is requested until a session opens", async (t) => {
  let broken = false;
  const asked = [];
  const w = new World(t, { token: ({ fresh }) => (asked.push(fresh), broken ? Promise.reject(new Error("offline")) : "good") });
  await w.open();
  broken = true;
  w.socket.end(4001, "token expired");
  await w.clock.pass();
  broken = false;
  await w.clock.pass(1_000);
  w.socket.end(1006); // the token did not get there
  await w.clock.pass(2_000);
  await w.open(resumed);
  w.socket.end(1006);
  await w.clock.pass(4_000);
  assert.deepEqual(asked, [false, true, true, true, false]);
});

test("a client reconnects at once only after a successful connection", async (t) => {
  const w = new World(t);
  const retry = { min: 20_000, max: 60_000 };
  for (const [code, first] of [[1012, 0], [4001, 0], [1001, 2_500]]) {
    assert.deepEqual([0, 1, 2].map((failures) => after({ code }, failures, retry).ms), [first, 20_000, 30_000], String(code));
  }
  await w.open();
  for (const [openFor, ms] of [[9_000, 0], [9_000, 1_000], [9_000, 2_000], [10_000, 0], [10_000, 0]]) {
    await w.clock.pass(openFor);
    w.states = [];
    w.socket.end(1012, "restart");
    await w.clock.pass();
    assert.equal(w.states[0].ms, ms);
    await w.clock.pass(ms);
    await w.open();
  }
});

test("without a server the pauses grow up to a bound", async (t) => {
  const w = new World(t, { retry: { min: 100, max: 1_000 } });
  for (const ms of [50, 100, 200, 400, 500, 500]) {
    await w.clock.pass();
    w.states = [];
    w.socket.end(1006);
    await w.clock.pass();
    assert.deepEqual(w.states, [{ state: "waiting", ms, code: 1006, reason: "the connection broke" }]);
    await w.clock.pass(ms);
  }
  assert.equal(w.sockets.length, 7);
});

test("backoff is random up to its bound", (t) => {
  const bound = { min: 1_000, max: 30_000 };
  for (const [random, failures, want] of [[0, 3, 0], [0.999, 0, 999], [0.5, 1, 1_000], [0.5, 4, 8_000], [0.5, 5, 15_000], [0.5, 5_000, 15_000]]) {
    t.mock.method(Math, "random", () => random);
    assert.equal(Math.round(backoff(failures, bound)), want);
  }
});

test("after a reconnect message events continue until the close", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.say({ reconnect: { after_ms: 8_000 } });
  await w.clock.pass(8_000);
  socket.order(42);
  assert.deepEqual(w.brief(), ["start", "42"]);
  assert.equal(w.sockets.length, 1);
  socket.end(1012, "restart");
  await w.clock.pass();
  assert.equal(w.sockets.length, 2);
});
