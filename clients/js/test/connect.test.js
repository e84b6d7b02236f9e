import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "../index.js";
import { at, fresh, World } from "./world.js";

test("connects, authenticates and emits events", async (t) => {
  const w = new World(t);
  assert.equal(w.ranger.state, "connecting");
  assert.deepEqual(w.sockets, []); // listeners first
  const socket = await w.open();
  assert.equal(socket.url, "ws://server/");
  assert.deepEqual(socket.said, [{ jwt: "Bearer jwt1", resume: true }]);
  assert.deepEqual(w.asked, [false]);
  assert.deepEqual(w.states, [{ state: "connecting" }, { state: "open" }]);
  assert.equal(w.ranger.state, "open");
  assert.deepEqual(w.take(), [["resync", { reason: "start" }]]);

  const order = '{"orderbook":{"id":9007199254740993,"price":0.10},"position":"48.0d6f10a2","at":1534776439123}';
  const trade = '{"trade":{"id":2435,"price":"3500.0"},"position":"52.1b0a77e3","prev":48,"at":1534776439124}';
  socket.say(order);
  assert.equal(w.ranger.position, "48.0d6f10a2");
  socket.say(trade);
  assert.deepEqual(w.take(), [
    ["order", { data: { id: "9007199254740993", price: "0.10" }, text: order, position: "48.0d6f10a2", at: 1534776439123, replay: false }],
    ["trade", { data: { id: "2435", price: "3500.0" }, text: trade, position: "52.1b0a77e3", at: 1534776439124, replay: false }],
  ]);
  assert.equal(w.ranger.position, "52.1b0a77e3");
});

test("filters are sent with the first token of each socket", async (t) => {
  const w = new World(t, { markets: ["btcusd"], events: ["order", "trade"] });
  const terms = { markets: ["btcusd"], events: ["orderbook", "trade"] };
  assert.deepEqual((await w.open()).said, [{ jwt: "Bearer jwt1", resume: true, ...terms }]);
  assert.deepEqual((await w.reopen()).said, [{ jwt: "Bearer jwt2", resume: "41.9f3c2a11", ...terms }]);
});

test("without resume each connection is a new start", async (t) => {
  const w = new World(t, { resume: false });
  const socket = await w.open({ message: "Authenticated." });
  assert.deepEqual(socket.said, [{ jwt: "Bearer jwt1" }]);
  socket.say('{"orderbook":{"id":1}}');
  socket.say('{"orderbook":{"id":1}}'); // told twice, it is two events
  assert.deepEqual(w.brief(), ["start", "1", "1"]);
  assert.equal(w.ranger.position, undefined);
  assert.deepEqual((await w.reopen({ message: "Authenticated." })).said, [{ jwt: "Bearer jwt2" }]);
  assert.deepEqual(w.brief(), ["reconnect"]);
});

test("a server without resuming is used without it", async (t) => {
  const w = new World(t);
  await w.open({ message: "Authenticated." });
  assert.deepEqual((await w.reopen({ message: "Authenticated." })).said, [{ jwt: "Bearer jwt2", resume: true }]);
  w.socket.say('{"trade":{"id":7}}');
  assert.deepEqual(w.brief(), ["start", "reconnect", "7"]);
});

test("parse is the author's choice", async (t) => {
  const w = new World(t, { parse: JSON.parse });
  (await w.open()).order(42);
  assert.deepEqual(w.brief(), ["start", 42]);
});

test("a parse that throws loses an event, and the next event reports it", async (t) => {
  const w = new World(t, { parse: (text) => (text.includes("43") && !text.includes("44") ? assert.fail("no") : JSON.parse(text)) });
  const socket = await w.open();
  socket.order(42);
  socket.order(43, 42);
  socket.order(44, 43);
  assert.deepEqual(w.brief(), ["start", 42, "error: parse() failed: an event is lost", "missed", 44]);
});

test("invalid messages of the server do no harm", async (t) => {
  const w = new World(t);
  const socket = await w.open();
  w.take();
  const bad = ["{", "", "[]", "null", "7", "{}x", '{"orderbook":7,"position":"42.0000002b"}', '{"heartbeat":null}', '{"gap":[]}', '{"success":1}', '{"error":"x"}', '{"token":null}'];
  for (const text of bad) socket.say(text);
  socket.onmessage({ data: new ArrayBuffer(3) });
  assert.deepEqual(new Set(w.take().map(([name]) => name)), new Set(["error"]));
  socket.say('{"orderbook":{},"position":7}');
  socket.say('{"heartbeat":{"last":1,"position":"x"}}');
  socket.say('{"gap":{"from":1,"to":2,"reason":"stream"}}');
  assert.equal(w.take().length, 3); // errors, too
  for (const text of ["pong", "{}", '{"news":1}', '{"constructor":{},"position":"42.0000002b"}', '{"__proto__":{}}', '{"token":{}}', '{"token":{"expires_in":"soon"}}', '{"reconnect":{"after_ms":5}}', '{"challenge":7}', '{"success":{}}']) socket.say(text);
  assert.deepEqual(w.take(), []);
  socket.order(42);
  assert.deepEqual(w.brief(), ["42"]);
  assert.equal(w.ranger.state, "open");
  await w.clock.pass();
  assert.equal(w.sockets.length, 1);
  assert.equal(w.asked.length, 1);
});

test("an event before the success line is ignored", async (t) => {
  const w = new World(t);
  await w.clock.pass();
  w.socket.accept();
  w.socket.order(42);
  w.socket.say({ success: fresh });
  assert.deepEqual(w.brief(), ["start"]);
});

test("a listener that throws does not affect others, and a removed one is not called", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const w = new World(t);
  const heard = [];
  const off = w.ranger.on("order", () => (heard.push("first"), assert.fail("mine")));
  const listener = () => {
    heard.push("second");
    off();
  };
  w.ranger.on("order", listener);
  w.ranger.on("order", () => offLater());
  const offLater = w.ranger.on("order", () => heard.push("later"));
  const offTwin = w.ranger.on("order", listener);
  const socket = await w.open();
  socket.order(42);
  assert.deepEqual(heard.splice(0), ["first", "second", "second"]);
  assert.deepEqual(reported, ["mine"]);
  offTwin();
  offTwin();
  socket.order(43, 42);
  assert.deepEqual(heard, ["second"]);
  assert.deepEqual(w.brief(), ["start", "42", "43"]);
  assert.equal(w.ranger.position, at(43));
});

test("an error without a listener is reported", async (t) => {
  const reported = [];
  t.mock.method(console, "error", (error) => reported.push(error.message));
  const w = new World(t);
  const ranger = connect({ url: "ws://server/", token: () => 7, WebSocket: class {} });
  await w.clock.pass();
  ranger.close();
  assert.deepEqual(reported, ["token() must return a JWT, as a string"]);
});

test("invalid options are refused with an error that names them", () => {
  const good = { url: "wss://server/", token: () => "jwt", WebSocket: class {} };
  const wrong = [
    [undefined, "options"],
    [{ ...good, urls: 1 }, '"urls"'],
    [{ ...good, url: undefined }, "url"],
    [{ ...good, url: "server" }, "url"],
    [{ ...good, url: "ftp://server/" }, "url"],
    [{ ...good, token: "jwt" }, "token"],
    [{ ...good, resume: "41.9f3c2a11" }, "resume"],
    [{ ...good, storage: {} }, "storage"],
    [{ ...good, storage: { load() {}, save() {} }, resume: false }, "storage"],
    [{ ...good, markets: [] }, "markets"],
    [{ ...good, markets: "btcusd" }, "markets"],
    [{ ...good, markets: [""] }, "markets"],
    [{ ...good, events: ["orderbook"] }, "events"],
    [{ ...good, parse: 1 }, "parse"],
    [{ ...good, WebSocket: 1 }, "WebSocket"],
    ...[0, NaN, Infinity, 2 ** 31, "20000", null].map((timeout) => [{ ...good, timeout }, "timeout"]),
    [{ ...good, retry: { min: 0 } }, "retry"],
    [{ ...good, retry: { max: Infinity } }, "retry"],
    [{ ...good, retry: { max: 2 ** 31 } }, "retry"],
    [{ ...good, retry: { min: "1000" } }, "retry"],
    [{ ...good, retry: { min: 9, max: 8 } }, "retry"],
  ];
  for (const [options, names] of wrong) {
    assert.throws(() => connect(options), (error) => error instanceof TypeError && error.message.startsWith("connect: ") && error.message.includes(names), names);
  }
});

test("the longest delay of a timer is a valid option", () => {
  const ms = 2 ** 31 - 1;
  connect({ url: "wss://server/", token: () => "jwt", WebSocket: class {}, timeout: ms, retry: { min: ms, max: ms } }).close();
});

test("an unknown event and an invalid listener are refused", (t) => {
  const { ranger } = new World(t);
  assert.throws(() => ranger.on("orders", () => {}), /order, trade/);
  assert.throws(() => ranger.on("order"), /function/);
});

test("on a page the url may be a path of the same host", async (t) => {
  globalThis.location = { href: "https://exchange.example.com/trade?x#y" };
  t.after(() => delete globalThis.location);
  const w = new World(t, { url: "/push#z" });
  assert.equal((await w.open()).url, "wss://exchange.example.com/push");
});
