import assert from "node:assert/strict";
import { test } from "node:test";

import { at, fresh, resumed, World } from "./world.js";

const failures = {
  "rejects": () => Promise.reject(new Error("502")),
  "throws": () => {
    throw new Error("502");
  },
  "takes too long": () => new Promise(() => {}),
};
for (const [how, fail] of Object.entries(failures)) {
  test(`a resync that ${how} is repeated until it succeeds, and the position does not change before`, async (t) => {
    const reported = [];
    globalThis.reportError = (error) => reported.push(error.message);
    t.after(() => delete globalThis.reportError);
    const saved = [];
    const w = new World(t, { storage: { load: () => at(41), save: (position) => saved.push(position) } });
    let times = 0;
    w.ranger.on("resync", () => (times++ < 2 ? fail() : undefined));
    const waits = how === "takes too long" ? 30_000 : 0;
    const socket = await w.open(resumed);
    socket.order(48, 41);
    socket.say({ gap: { from: 5, to: 6, reason: "exchange", position: at(50) } });
    await w.clock.pass(waits);
    socket.order(52, 48);
    const gap = { reason: "gap", from: 5, to: 6 };
    const told = () => w.take().filter(([name]) => name === "resync").map(([, value]) => value);
    assert.deepEqual(told(), [gap]);
    assert.equal(w.ranger.position, at(48));
    await w.clock.pass(499);
    assert.deepEqual(told(), []);
    await w.clock.pass(1);
    assert.deepEqual(told(), [gap]);
    await w.clock.pass(waits);
    socket.heartbeat(60, 52);
    assert.deepEqual(saved, [at(48)]);
    await w.clock.pass(999);
    assert.deepEqual(told(), []);
    await w.clock.pass(1); // the third, which succeeds
    assert.deepEqual(told(), [gap]);
    assert.equal(w.ranger.position, at(60));
    assert.deepEqual(saved, [at(48), at(60)]);
    socket.order(61, 52);
    assert.equal(saved.at(-1), at(61));
    await w.clock.pass(3_600_000);
    assert.deepEqual(told(), []);
    assert.equal(reported.length, how === "throws" ? 2 : 0);
  });
}

test("no earlier position is saved when a repeated resync succeeds", async (t) => {
  const saved = [];
  const w = new World(t, { storage: { load() {}, save: (position) => saved.push(position) } });
  let broken = true;
  w.ranger.on("resync", async () => assert.ok(!broken));
  const socket = await w.open();
  socket.order(48);
  await w.clock.pass();
  broken = false;
  await w.clock.pass(500);
  assert.equal(w.ranger.position, at(48));
  socket.order(50, 48);
  socket.order(53, 52);
  assert.equal(w.ranger.position, at(50));
  await w.clock.pass();
  assert.equal(w.ranger.position, at(53));
  assert.deepEqual(saved, [at(48), at(50), at(53)]);
  assert.deepEqual(w.brief().filter((what) => !what.startsWith("error")), ["start", "48", "start", "50", "missed", "53"]);
});

test("the pauses grow up to a bound, and restart", async (t) => {
  const w = new World(t);
  let broken = true;
  const at = [];
  w.ranger.on("resync", async () => {
    at.push(w.clock.now);
    assert.ok(!broken);
  });
  const socket = await w.open();
  await w.clock.pass(45_500);
  assert.deepEqual(at.map((time, i) => time - (at[i - 1] ?? time)), [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  broken = false;
  await w.clock.pass(15_000);
  broken = true;
  socket.say({ gap: { from: 1, to: 2, reason: "exchange", position: "50.00000033" } });
  await w.clock.pass(500);
  assert.equal(at.at(-1) - at.at(-2), 500);
});

// If from and to limit what is fetched, a success must not cover more than that.
const joins = [
  [{ reason: "start" }, [5, 6], { reason: "start" }],
  [[5, 6], [2, 3], { reason: "gap", from: 2, to: 6 }],
  [[5, 6], "missed", { reason: "missed" }],
];
for (const [owed, next, want] of joins) {
  test(`a resync also covers a failed one: ${JSON.stringify([owed, next])}`, async (t) => {
    const w = new World(t, owed.reason ? {} : { storage: { load: () => at(41), save() {} } });
    let broken = true;
    w.ranger.on("resync", async () => assert.ok(!broken));
    const socket = await w.open(owed.reason ? fresh : resumed);
    const gap = ([from, to], position) => socket.say({ gap: { from, to, reason: "exchange", position: at(position) } });
    if (!owed.reason) gap(owed, 45);
    await w.clock.pass();
    broken = false;
    w.take();
    if (next === "missed") socket.order(50, 49);
    else gap(next, 50);
    assert.deepEqual(w.take().filter(([name]) => name === "resync"), [["resync", want]]);
    await w.clock.pass(60_000);
    assert.deepEqual(w.take().filter(([name]) => name === "resync"), []); // all is paid
    assert.equal(w.ranger.position, at(50));
  });
}

test("close() while a resync must be repeated", async (t) => {
  const w = new World(t);
  w.ranger.on("resync", () => Promise.reject(new Error("502")));
  await w.open();
  await w.clock.pass();
  w.ranger.close();
  assert.equal(w.clock.timers, 0);
});

test("at most 10,000 events wait for each resync", async (t) => {
  const w = new World(t, { retry: { min: 60_000, max: 60_000 } });
  w.ranger.on("resync", () => new Promise(() => {}));
  const socket = await w.open();
  let number = 41;
  const come = (count) => {
    for (let i = 0; i < count; i++) socket.order(++number, i === 0 ? undefined : number - 1);
  };
  const errors = () => w.take().filter(([name]) => name === "error").length;
  come(9_999);
  assert.equal(errors(), 0);
  socket.say({ gap: { from: 1, to: 2, reason: "exchange", position: at(++number) } });
  come(9_997); // with the gap and its resync there are two more
  assert.equal(errors(), 1);
  come(30_000);
  assert.equal(errors(), 1); // each has its own
  await w.clock.pass();
  assert.equal(errors(), 0);
});
