import assert from "node:assert/strict";
import { test } from "node:test";

import { at, fresh, refused, resumed, World } from "./world.js";

test("a refused token is followed by a fresh one on the same socket", async (t) => {
  const w = new World(t);
  await w.clock.pass();
  w.socket.accept();
  w.socket.say(refused);
  await w.clock.pass();
  assert.deepEqual(w.socket.said, [{ jwt: "Bearer jwt1", resume: true }, { jwt: "Bearer jwt2", resume: true }]);
  assert.deepEqual(w.asked, [false, true]);
  w.socket.say({ success: fresh });
  assert.equal(w.ranger.state, "open");
  assert.deepEqual(w.brief(), ["start"]);
});

test("a fresh token and the answer to it each have a timeout", async (t) => {
  let give;
  const w = new World(t, { token: ({ fresh }) => (fresh ? new Promise((resolve) => (give = resolve)) : "good") });
  await w.clock.pass();
  await w.clock.pass(15_000);
  w.socket.accept();
  w.socket.say(refused);
  await w.clock.pass(15_000);
  give("better");
  await w.clock.pass(15_000);
  assert.deepEqual(w.socket.said.map(({ jwt }) => jwt), ["Bearer good", "Bearer better"]);
  assert.equal(w.socket.closed, undefined);
  await w.clock.pass(5_000);
  assert.equal(w.socket.closed, 1000);
  assert.equal(w.states.at(-1).reason, "the server does not answer");
});

test("a server that refuses fresh tokens is not flooded", async (t) => {
  const w = new World(t);
  await w.clock.pass();
  w.socket.accept();
  w.socket.say(refused);
  await w.clock.pass();
  w.socket.say(refused);
  await w.clock.pass();
  assert.equal(w.socket.closed, 1000);
  assert.equal(w.ranger.state, "waiting");
  const messages = w.take();
  assert.match(messages[0][1], /refused the token/);
  const begin = w.clock.now;
  for (let i = 0; i < 20; i++) {
    const { length } = w.sockets;
    while (w.sockets.length === length) await w.clock.pass(100);
    w.socket.accept();
    w.socket.say(refused);
    await w.clock.pass();
    assert.equal(w.socket.said.length, 1); // it was fresh already
    assert.equal(w.socket.closed, 1000);
  }
  assert.ok(w.clock.now - begin > 20 * 10_000);
  assert.deepEqual(w.asked.slice(2), Array(20).fill(true));
  assert.equal(w.take().length, 20); // an error each time
});

for (const message of ["Error while handling message.", "Token type is not provided or invalid."]) {
  test(`the server answered: ${message}`, async (t) => {
    const w = new World(t);
    await w.clock.pass();
    w.socket.accept();
    w.socket.say({ error: { message } });
    await w.clock.pass();
    assert.equal(w.socket.closed, 1000);
    assert.deepEqual(w.brief(), [`error: the server answered: ${message}`]);
    assert.deepEqual(w.path(), ["connecting", "waiting"]);
  });
}

const failing = {
  "rejects": () => Promise.reject(new Error("offline")),
  "throws": () => {
    throw new Error("offline");
  },
  "throws what is no error": () => {
    throw "offline";
  },
};
for (const [how, token] of Object.entries(failing)) {
  test(`a token function that ${how}`, async (t) => {
    let broken = true;
    const w = new World(t, { token: () => (broken ? token() : "Bearer good") });
    await w.clock.pass();
    assert.deepEqual(w.states, [{ state: "connecting" }, { state: "waiting", ms: 500, code: undefined, reason: "no connection: offline" }]);
    assert.equal(w.sockets.length, 0);
    broken = false;
    await w.clock.pass(500);
    assert.deepEqual((await w.open()).said[0].jwt, "Bearer good");
    assert.deepEqual(w.brief(), ["start"]); // no error of the author's
  });
}

test("a token function without a token", async (t) => {
  for (const token of [undefined, null, "", "Bearer ", "a b", 7, {}]) {
    await t.test(String(token), async (t) => {
      const w = new World(t, { token: async () => token });
      await w.clock.pass();
      assert.deepEqual(w.brief(), ["error: token() must return a JWT, as a string"]);
      assert.equal(w.ranger.state, "waiting");
    });
  }
});

test("a token function that hangs is given up and its signal aborted", async (t) => {
  let signal;
  const w = new World(t, { token: (asked) => ((signal = asked.signal), new Promise(() => {})), timeout: 3_000 });
  await w.clock.pass(2_999);
  assert.equal(signal.aborted, false);
  await w.clock.pass(1);
  assert.equal(signal.aborted, true);
  assert.deepEqual(w.states.at(-1), { state: "waiting", ms: 500, code: undefined, reason: "no connection: token() took more than 3000 ms" });
});

test("a server that does not answer is given up", async (t) => {
  const w = new World(t, { timeout: 3_000 });
  await w.clock.pass(2_999);
  assert.equal(w.socket.closed, undefined);
  await w.clock.pass(1);
  assert.equal(w.socket.closed, 1000); // not even open
  await w.clock.pass(500);
  w.socket.accept();
  await w.clock.pass(3_000);
  assert.equal(w.socket.closed, 1000); // no success line
  assert.deepEqual(w.path(), ["connecting", "waiting", "connecting", "waiting"]);
});

test("a WebSocket that cannot be created is reported and retried", async (t) => {
  const w = new World(t, {
    WebSocket: class {
      constructor() {
        throw new Error("SecurityError");
      }
    },
  });
  await w.clock.pass();
  assert.deepEqual(w.brief(), ["error: SecurityError"]);
  assert.equal(w.ranger.state, "waiting");
});

test("a token is renewed on its socket", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  await w.clock.pass(600_000 - 60_000 - 1);
  socket.say({ token: { expires_in: 60 } });
  await w.clock.pass();
  assert.deepEqual(socket.said, [{ jwt: "Bearer jwt1", resume: true }, { jwt: "Bearer jwt2" }]);
  assert.deepEqual(w.asked, [false, true]);
  socket.say({ success: { message: "Authenticated." } });
  socket.order(42);
  assert.deepEqual(w.brief(), ["start", "42"]); // no new start
  assert.deepEqual(w.path(), ["connecting", "open"]);
});

test("tokens with a life shorter than the warning are not renewed in a loop", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  const warn = () => socket.say({ token: { expires_in: 60 } });
  warn();
  for (let i = 0; i < 5; i++) {
    await w.clock.pass(29_999);
    assert.equal(socket.said.length, 1 + i);
    await w.clock.pass(1);
    assert.equal(socket.said.length, 2 + i);
    socket.say({ success: { message: "Authenticated." } });
    warn();
  }
});

test("a failed renewal is tried three times", async (t) => {
  let broken = false;
  let asked = 0;
  const w = new World(t, { token: () => (asked++, broken ? Promise.reject(new Error("offline")) : "good") });
  const socket = await w.open();
  w.take();
  await w.clock.pass(600_000);
  broken = true;
  socket.say({ token: { expires_in: 60 } });
  await w.clock.pass(9_999);
  assert.equal(asked, 2);
  broken = false;
  await w.clock.pass(1);
  assert.equal(socket.said.length, 2);
  for (const _ of [1, 2]) {
    socket.say(refused);
    await w.clock.pass(10_000);
  }
  assert.equal(socket.said.length, 3);
  await w.clock.pass(60_000);
  assert.equal(asked, 4);
  assert.deepEqual(w.brief(), []); // the old one is good still
  broken = true;
  socket.say({ token: { expires_in: 60 } });
  await w.clock.pass(30_000);
  assert.equal(asked, 7); // for another expiry
  broken = false;
  socket.end(4001, "token expired");
  const { said } = await w.open(resumed);
  assert.deepEqual(said, [{ jwt: "Bearer good", resume: "41.9f3c2a11" }]);
  assert.deepEqual(w.brief(), []);
});

test("a renewal that fails when its socket ends leaves nothing behind", async (t) => {
  let asked = 0;
  const w = new World(t, { token: ({ signal }) => (asked++ ? new Promise((_, reject) => signal.addEventListener("abort", reject)) : "good") });
  const socket = await w.open();
  await w.clock.pass(600_000);
  socket.say({ token: { expires_in: 60 } });
  await w.clock.pass();
  assert.equal(asked, 2);
  w.ranger.close();
  await w.clock.pass();
  assert.equal(w.clock.timers, 0);
  await w.clock.pass(60_000);
  assert.equal(asked, 2);
});

test("a token that arrives after its socket's end is dropped", async (t) => {
  const gives = [];
  const w = new World(t, { token: () => new Promise((resolve) => gives.push(resolve)) });
  await w.clock.pass();
  gives.shift()("first");
  const socket = await w.open();
  await w.clock.pass(600_000);
  socket.order(42);
  socket.say({ token: { expires_in: 60 } });
  await w.clock.pass();
  socket.end(1006);
  await w.clock.pass(500);
  gives[0]("late");
  await w.clock.pass();
  assert.equal(socket.said.length, 1);
  gives[1]("next");
  assert.deepEqual((await w.open(resumed)).said, [{ jwt: "Bearer next", resume: at(42) }]);
});
