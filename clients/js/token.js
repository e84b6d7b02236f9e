/**
 * Calls the author's token function and resolves with what it gives. Rejects where
 * it throws, rejects, takes longer than ms, or the signal is aborted; in the last
 * two cases the function's own signal is aborted, too.
 */
export async function ask(token, fresh, ms, signal) {
  signal.throwIfAborted();
  const limit = new AbortController();
  const cancel = () => limit.abort(signal.reason);
  signal.addEventListener("abort", cancel);
  const timer = setTimeout(() => limit.abort(new Error(`token() took more than ${ms} ms`)), ms);
  const stopped = new Promise((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason));
  });
  try {
    return await Promise.race([token({ fresh, signal: limit.signal }), stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
  }
}

/** Returns the JWT without the word Bearer, or undefined where it is none. */
export function bare(jwt) {
  const text = typeof jwt === "string" ? jwt.replace(/^Bearer +/, "") : "";
  return /^\S+$/.test(text) ? text : undefined;
}
