import assert from "node:assert/strict";
import { test } from "node:test";

import { at, fresh, resumed, World } from "./world.js";

test("reconnects with the latest position of any message", async (t) => {
  const w = new World(t);
  const steps = [
    [() => {}, "41.9f3c2a11"],
    [(socket) => socket.order(48), at(48)],
    [(socket) => socket.heartbeat(57, 48), at(57)],
    [(socket) => socket.say({ gap: { from: 1, to: 2, reason: "exchange", position: at(60) } }), at(60)],
    [(socket) => socket.order(61, 48), at(61)],
  ];
  await w.open();
  for (const [step, position] of steps) {
    step(w.socket);
    assert.equal(w.ranger.position, position);
    assert.deepEqual((await w.reopen()).said[0].resume, position);
  }
  assert.deepEqual(w.brief(), ["start", "48", "exchange", "gap", "61"]);
});

test("replayed events are marked, and known ones are dropped", async (t) => {
  const w = new World(t);
  (await w.open()).order(48);
  const socket = await w.reopen();
  w.take();
  socket.order(48, undefined, { replay: true });
  socket.order(52, 48, { replay: true });
  socket.order(52, 48, { replay: true });
  socket.heartbeat(57, 52);
  socket.order(60, 52);
  assert.deepEqual(w.take().map(([, { data, replay }]) => [data.id, replay]), [["52", true], ["60", false]]);
});

test("a connection that breaks during a replay resumes there", async (t) => {
  const w = new World(t);
  await w.open();
  (await w.reopen()).order(52, 3, { replay: true });
  const socket = await w.reopen();
  assert.equal(socket.said[0].resume, at(52));
  socket.order(53, 52, { replay: true });
  assert.deepEqual(w.brief(), ["start", "52", "53"]);
});

test("after a lost position it emits resync and continues from the new one", async (t) => {
  const w = new World(t);
  (await w.open()).order(48);
  const socket = await w.reopen({ ...fresh, position: "7.00c4b7de", resumed: false });
  assert.equal(w.ranger.position, "7.00c4b7de");
  socket.order(9, 6); // of another stream, whose numbers begin anew
  assert.deepEqual(w.brief(), ["start", "48", "lost", "9"]);
});

test("a gap is emitted with a resync", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  w.take();
  socket.say({ gap: { from: 1534776400000, to: 1534776420000, reason: "exchange", position: at(53) } });
  assert.deepEqual(w.take(), [
    ["gap", { from: 1534776400000, to: 1534776420000, reason: "exchange" }],
    ["resync", { reason: "gap", from: 1534776400000, to: 1534776420000 }],
  ]);
});

test("after a gap of the stream offsets may restart", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.order(48);
  socket.say({ gap: { from: 1, to: 2, reason: "stream", position: "0.00000000" } });
  socket.order(0);
  socket.order(48, 0);
  assert.deepEqual(w.brief(), ["start", "48", "stream", "gap", "0", "48"]);
});

test("a missing event is reported before the next one", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  socket.order(48);
  socket.order(53, 52);
  socket.heartbeat(60, 58);
  socket.heartbeat(70, 58);
  assert.deepEqual(w.brief(), ["start", "48", "missed", "53", "missed"]);
  assert.equal(w.ranger.position, at(70));
});

// A promise and its settling functions.
function later() {
  const p = {};
  p.promise = new Promise((resolve, reject) => Object.assign(p, { resolve, reject }));
  return p;
}

test("events after a resync wait until it is done", async (t) => {
  const w = new World(t);
  const fetches = [];
  w.ranger.on("resync", () => {
    fetches.push(later());
    return fetches.at(-1).promise;
  });
  const socket = await w.open();
  socket.order(48);
  socket.say({ gap: { from: 1, to: 2, reason: "exchange", position: at(50) } });
  socket.order(52, 48);
  assert.deepEqual(w.brief(), ["start"]);
  assert.equal(w.ranger.position, undefined);
  fetches[0].resolve();
  await w.clock.pass();
  assert.deepEqual(w.brief(), ["48", "exchange", "gap"]);
  assert.equal(w.ranger.position, at(48)); // a page that is loaded anew now has to be told of the gap
  assert.equal((await w.reopen()).said[0].resume, at(52)); // but this one has all
  w.socket.order(54, 52);
  assert.deepEqual(w.brief(), []);
  fetches[1].resolve();
  await w.clock.pass();
  assert.deepEqual(w.brief(), ["52", "54"]);
  assert.equal(w.ranger.position, at(54));
});

test("a failed resync is reported, and events continue", async (t) => {
  const w = new World(t);
  w.ranger.on("resync", () => Promise.reject(undefined));
  w.ranger.on("resync", async () => {});
  (await w.open()).order(48);
  await w.clock.pass();
  assert.deepEqual(w.brief(), ["start", "error: a listener of resync failed: its data may be out of date", "48"]);
});

test("a resync that does not end holds events back for a limited time", async (t) => {
  const w = new World(t);
  w.ranger.on("resync", () => new Promise(() => {}));
  const socket = await w.open();
  socket.order(48);
  await w.clock.pass(29_999);
  assert.deepEqual(w.brief(), ["start"]);
  await w.clock.pass(1);
  assert.deepEqual(w.brief().slice(1), ["48"]);
});

// A storage in memory, with the given save.
function storage(kept, save) {
  const saved = [];
  return { saved, load: () => kept, save: (position) => (saved.push(position), save?.()) };
}

test("a reloaded page resumes at its position", async (t) => {
  const kept = storage(at(48));
  const w = new World(t, { storage: kept });
  w.ranger.on("order", ({ position }) => assert.ok(!kept.saved.includes(position))); // it is saved afterwards
  const socket = await w.open(resumed);
  assert.equal(socket.said[0].resume, at(48));
  assert.deepEqual(w.take(), []); // no resync
  socket.order(52, 48, { replay: true });
  socket.heartbeat(57, 52);
  socket.order(60, 52);
  assert.deepEqual(w.brief(), ["52", "60"]);
  assert.deepEqual(kept.saved, [at(52), at(57), at(60)]);
});

test("an event may be missing right after the stored position", async (t) => {
  const w = new World(t, { storage: storage(at(48)) });
  (await w.open(resumed)).order(52, 50, { replay: true });
  assert.deepEqual(w.brief(), ["missed", "52"]);
});

test("a slow storage receives the latest position", async (t) => {
  const done = [];
  const kept = storage(Promise.resolve(null), () => new Promise((resolve) => done.push(resolve)));
  const w = new World(t, { storage: kept });
  const socket = await w.open();
  for (const number of [48, 49, 50]) socket.order(number, number - 1);
  assert.deepEqual(kept.saved, ["41.9f3c2a11"]);
  done.shift()();
  await w.clock.pass();
  assert.deepEqual(kept.saved, ["41.9f3c2a11", at(50)]);
  done.shift()();
  await w.clock.pass();
  assert.equal(kept.saved.length, 2);
});

test("a failing storage is reported and does no harm", async (t) => {
  const fail = () => {
    throw new Error("quota");
  };
  for (const [name, broken] of Object.entries({ throws: fail, rejects: async () => fail(), "gives no position": () => 7 })) {
    await t.test(name, async (t) => {
      const w = new World(t, { storage: { load: broken, save: name.startsWith("gives") ? fail : broken } });
      const socket = await w.open();
      assert.equal(socket.said[0].resume, true);
      socket.order(42);
      await w.clock.pass();
      socket.order(43, 42);
      await w.clock.pass();
      const want = ["error", "start", "error", "42", "error", "43", "error"].sort();
      assert.deepEqual(w.brief().map((what) => what.replace(/: .*/, "")).sort(), want);
    });
  }
});
