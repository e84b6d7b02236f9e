// Numbers of the server are shown as their text; these functions format values measured
// in the page.

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The time of day of a Date, or of Unix ms, or of an ISO text. */
export function time(when) {
  return clock.format(new Date(when));
}

/** A duration in ms, for humans. */
export function duration(ms) {
  if (ms < 0) return "clocks differ";
  if (ms < 1) return "< 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The median of numbers, undefined if there are none. */
export function median(list) {
  return [...list].sort((a, b) => a - b)[(list.length - 1) >> 1];
}

/** The whole seconds left of a time in ms. */
export function seconds(ms) {
  return `${Math.ceil(ms / 1000)} s`;
}

/** Compares two ids, later ones first; they may have more digits than a double. */
export function laterFirst(a, b) {
  return b.length - a.length || (a < b ? 1 : a > b ? -1 : 0);
}
