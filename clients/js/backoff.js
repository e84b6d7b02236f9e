/**
 * How long to wait before the next try after so many failed ones, in ms: any time
 * up to a bound that doubles ("full jitter"), so that clients which lost their
 * server at the same instant do not come back at the same instant.
 */
export function backoff(failures, { min, max }) {
  return Math.random() * Math.min(max, min * 2 ** failures);
}
