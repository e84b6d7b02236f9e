import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../index.js";

test("numbers keep their text, and nothing else changes", () => {
  const text = String.raw`{"id":9007199254740993,"price":0.10,"n":[-0,1e400,1E+2,-1.50e-7],"s":"1 \"2\" \\","7":null,"a\"8":true,"u":"\u0031","9 ":{"":[]}}`;
  assert.deepEqual(parse(text), {
    id: "9007199254740993",
    price: "0.10",
    n: ["-0", "1e400", "1E+2", "-1.50e-7"],
    s: '1 "2" \\',
    7: null,
    'a"8': true,
    u: "1",
    "9 ": { "": [] },
  });
  assert.equal(parse(" 12 "), "12");
});

test("texts that JSON.parse refuses are refused", () => {
  for (const text of ["", "01", "1.", ".5", "+1", "--1", "-", "1e", "1.2.3", "1 2", "{1:2}", "{1.5:2}", '{12 : "a"}', '"a', '"1', '["1,2', '"\\1"', "[1,]", "tru1", "NaN", "1n", '"\n"', "0x10", "1_0", "{\"a\":1 :2}"]) {
    assert.throws(() => parse(text), SyntaxError, text);
  }
});

// Random texts of pieces of numbers and strings.
test("it accepts the same texts as JSON.parse", () => {
  const pieces = ["{", "}", "[", "]", ":", ",", '"', "\\", "-", "0", "1", "23", ".", "e", "E+", " ", "a", "true", '"k":', '"\\""', "\\\\", "\n", '"x"'];
  let random = 1;
  const pick = (n) => (random = (random * 48271) % 2147483647) % n;
  const attempt = (read, text) => {
    try {
      return { value: read(text) };
    } catch {
      return undefined;
    }
  };
  let taken = 0;
  for (let i = 0; i < 30_000; i++) {
    const text = Array.from({ length: 1 + pick(8) }, () => pieces[pick(pieces.length)]).join("");
    const want = attempt(JSON.parse, text);
    if (want) taken++;
    assert.ok(same(attempt(parse, text), want), text);
  }
  assert.ok(taken > 1000);
});

// Reports whether got equals want, with numbers as texts of the same value.
function same(got, want) {
  if (typeof want === "number") return typeof got === "string" && Object.is(JSON.parse(got), want);
  if (typeof want !== "object" || want === null) return got === want;
  const keys = Object.keys(want);
  return typeof got === "object" && got !== null && Object.keys(got).length === keys.length && keys.every((key) => same(got[key], want[key]));
}
