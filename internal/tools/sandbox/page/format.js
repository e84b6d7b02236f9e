// Numbers of the server stay the text that they are; what is formatted here was
// measured in the page.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The time of day of a Date, or of Unix ms, or of an ISO text. */
export function time(when) {
  return clock.format(new Date(when));
}

/** A duration of so many ms, for people. */
export function duration(ms) {
  if (ms < 0) return "clocks differ";
  if (ms < 1) return "< 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The middle of a list of numbers, undefined of an empty one. */
export function median(list) {
  return [...list].sort((a, b) => a - b)[(list.length - 1) >> 1];
}

/** Whole seconds that are left of so many ms. */
export function seconds(ms) {
  return `${Math.ceil(ms / 1000)} s`;
}

/** Compares two ids, which may be longer than a double's digits, the later one first. */
export function laterFirst(a, b) {
  return b.length - a.length || (a < b ? 1 : a > b ? -1 : 0);
}
