import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { at, World } from "./world.js";

test("a load that never settles is given up: the client connects without a position", async (t) => {
  const w = new World(t, { storage: { load: () => new Promise(() => {}), save() {} }, timeout: 3_000 });
  await w.clock.pass(2_999);
  assert.deepEqual([w.asked, w.log], [[], []]);
  await w.clock.pass(1);
  assert.equal((await w.open()).said[0].resume, true);
  assert.match(w.take()[0][1], /^storage.load\(\) failed/);
});

test("a save that never settles is given up, and the next one follows", async (t) => {
  const saved = [];
  const w = new World(t, { storage: { load() {}, save: (position) => (saved.push(position), saved.length === 1 ? new Promise(() => {}) : undefined) }, timeout: 3_000 });
  const socket = await w.open();
  w.take();
  socket.order(48);
  await w.clock.pass(2_999);
  assert.deepEqual(saved, ["41.9f3c2a11"]);
  await w.clock.pass(1);
  assert.deepEqual(saved, ["41.9f3c2a11", at(48)]);
  assert.match(w.take()[1][1], /^storage.save\(\) failed/);
  socket.order(49, 48);
  assert.equal(saved.at(-1), at(49));
});

// The lines of the README, each time as on a page just loaded.
test("the README's storage separates users and filters, and forgets at logout", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const code = /^```js\n([^]*?sessionStorage[^]*?)^```/m.exec(readme)[1];
  const kept = new Map();
  const sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const load = (uid, markets) => {
    let options;
    const connect = (given) => ((options = given), { close() {} });
    const logout = new Function("uid", "markets", "url", "token", "connect", "sessionStorage", `${code}; return logout`)(uid, markets, "", "", connect, sessionStorage);
    return { ...options.storage, logout };
  };
  load("A", ["btcusd"]).save(at(41));
  assert.equal(load("A", ["btcusd"]).load(), at(41));
  assert.equal(load("B", ["btcusd"]).load(), null);
  assert.equal(load("A", ["ethusd"]).load(), null);
  load("A", ["btcusd"]).logout();
  assert.equal(load("A", ["btcusd"]).load(), null);
});
