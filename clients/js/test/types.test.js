import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as module from "../index.js";
import { World } from "./world.js";

const types = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
const names = (pattern, text = types) => [...text.matchAll(pattern)].map(([, name]) => name).sort();
const body = (name) => new RegExp(`^export interface ${name}\\b[^]*?^}`, "m").exec(types)[0];

test("the types name exactly the exports of the module", () => {
  assert.deepEqual(names(/^export (?:declare )?(?:function|const|class) (\w+)/gm), Object.keys(module).sort());
});

test("the members of a state can be read without narrowing", () => {
  const members = /^export type State =\n([^]*?);\n\n/m.exec(types)[1].match(/\{[^}]*\}/g);
  assert.equal(members.length, 4);
  for (const member of members) assert.deepEqual(names(/(\w+)\??:/g, member), ["code", "ms", "reason", "state"], member);
});

test("the result of parse() has the type any, like that of JSON.parse", () => {
  assert.match(types, /^export function parse\(text: string\): any;$/m);
});

test("the types name the members, events and options of a client", (t) => {
  const { ranger } = new World(t);
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(ranger)).filter((name) => name !== "constructor");
  assert.deepEqual(names(/^  (?:readonly )?(\w+)[<(:]/gm, body("Ranger")), own.sort());
  for (const [what, message] of [["Events", () => ranger.on("", () => {})], ["Options", () => module.connect({ "": 1 })]]) {
    let listed;
    assert.throws(message, (error) => {
      listed = error.message.split("there are ")[1].split(", ");
      return true;
    });
    assert.deepEqual(names(/^  (\w+)\??:/gm, body(what)), listed.sort(), what);
  }
});
