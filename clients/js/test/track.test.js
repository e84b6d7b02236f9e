import assert from "node:assert/strict";
import { test } from "node:test";

import { numberOf, Track } from "../track.js";
import { at } from "./world.js";

test("the number of a position", () => {
  assert.equal(numberOf("41.9f3c2a11"), 41);
  assert.equal(numberOf("0.9f3c2a11"), 0);
  assert.equal(numberOf("0.00000000"), -1); // the stream is empty: its first event is number 0
  assert.equal(numberOf("9007199254740991.00000001"), Number.MAX_SAFE_INTEGER);
  for (const no of ["9007199254740993.00000001", "41", "41.9f3c2a1", "41.9F3C2A11", "-1.9f3c2a11", "x", "", 41, null, undefined, {}, [at(1)]]) {
    assert.equal(numberOf(no), undefined, String(no));
  }
});

// Each step is [what, number, before, want missed]. want null: it was known.
const chains = {
  "first events, whose one before is before the beginning": [["begin", 41], ["event", 48, undefined, false], ["event", 52, 48, false]],
  "the one before may be the very beginning": [["begin", 41], ["event", 48, 41, false]],
  "one is missing from the beginning on": [["begin", 41], ["event", 52, 48, true], ["event", 53, 52, false]],
  "one is missing in between": [["begin", 41], ["event", 48, 3, false], ["event", 53, 52, true], ["event", 54, 53, false]],
  "the one before is none that came": [["begin", 41], ["event", 48, 3, false], ["event", 53, 47, true]],
  "the one before is out of the window": [["begin", 41], ["event", 48, 3, false], ["event", 53, undefined, false]],
  "a heartbeat tells of one that is missing, once": [["begin", 41], ["event", 48, 3, false], ["heartbeat", 57, 52, true], ["heartbeat", 60, 52, false], ["event", 61, 52, false]],
  "a heartbeat in a quiet time": [["begin", 41], ["heartbeat", 57, 12, false], ["heartbeat", 60, undefined, false], ["event", 61, 12, false]],
  "a heartbeat tells of one that is missing from the beginning on": [["begin", 41], ["heartbeat", 57, 42, true]],
  "what came before": [["begin", 41], ["event", 41, 3, null], ["event", 48, 3, false], ["event", 48, 3, null], ["event", 47, 3, null], ["heartbeat", 57, 48, false], ["event", 57, 48, null], ["event", 58, 48, false]],
  "a gap in between": [["begin", 41], ["event", 48, 3, false], ["moved", 50], ["event", 50, 48, null], ["event", 52, 48, false]],
  "numbers begin anew": [["begin", 41], ["event", 48, 3, false], ["begin", 7], ["event", 9, 7, false], ["event", 12, 9, false]],
  "numbers begin with the first of all": [["begin", -1], ["event", 0, undefined, false], ["event", 0, undefined, null], ["event", 1, 0, false]],
  "one is missing from the first of all on": [["begin", -1], ["event", 1, 0, true]],
};
for (const [name, steps] of Object.entries(chains)) {
  test(`previous event: ${name}`, () => {
    const track = new Track();
    for (const [what, number, before, want] of steps) {
      const position = number < 0 ? "0.00000000" : at(number);
      const got = track[what](position, before);
      if (what === "event") assert.deepEqual(got, { known: want === null, missed: want === true }, `event ${number}`);
      if (what === "heartbeat") assert.equal(got, want, `heartbeat ${number}`);
      if (want !== null) assert.equal(track.position, position);
    }
  });
}

test("the position never goes back", () => {
  const track = new Track();
  track.begin(at(41));
  track.moved(at(40));
  track.heartbeat(at(39), undefined);
  assert.equal(track.position, at(41));
});
