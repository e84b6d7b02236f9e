/**
 * Returns the pause before the next connect after a number of failures, in ms: random, up to
 * a bound that doubles ("full jitter"), so that clients which lost their server at the same
 * time do not reconnect at the same time.
 */
export function backoff(failures, { min, max }) {
  return Math.random() * Math.min(max, min * 2 ** failures);
}
