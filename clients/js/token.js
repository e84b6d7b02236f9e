/**
 * Calls the author's token function and resolves with its result. Rejects if it throws,
 * rejects or takes longer than ms, or if signal is aborted; in the last two cases it also
 * aborts the function's own signal.
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

/** Returns the JWT without the prefix Bearer, or undefined if it is not a JWT. */
export function bare(jwt) {
  const text = typeof jwt === "string" ? jwt.replace(/^Bearer +/, "") : "";
  return /^\S+$/.test(text) ? text : undefined;
}
